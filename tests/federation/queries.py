"""What gateways ask in these tests."""

from __future__ import annotations

VIEW = """
  __typename
  ... on JoinedView {
    sources { ...Line }
    socialCare {
      __typename
      ... on SocialCareRecord {
        plans { category startedOn custodian { name } withheld { ...Why } }
        withheld { ...Why }
        unanswered { custodian { name } state }
      }
      ... on NoAnswer { reason contact { phone } }
    }
    police {
      __typename
      ... on PoliceRecord {
        incidents { on summary custodian { name } withheld { ...Why } }
        withheld { ...Why }
        unanswered { custodian { name } state }
      }
      ... on NoAnswer { reason contact { phone } }
    }
    health {
      __typename
      ... on HealthRecord {
        flags { custodian { name } withheld { ...Why } }
        withheld { ...Why }
        unanswered { custodian { name } state }
      }
      ... on NoAnswer { reason contact { phone } }
    }
    withheld { ...Why }
    logEntry { number }
  }
  ... on PossibleMatches { sources { ...Line } logEntry { number } }
  ... on NoMatch { sources { ...Line } logEntry { number } }
"""
"""What is asked of a ``ChildResult``."""

FRAGMENT = {
    "Line": "fragment Line on Source { custodian { name } state reason contact { phone } }",
    "Why": "fragment Why on Withheld { fields outcome }",
}
FRAGMENTS = "\n".join(FRAGMENT.values())


def entity(selected: str) -> str:
    """Ask for ``selected`` of a Child by ``$representations``."""
    fragments = "\n".join(text for name, text in FRAGMENT.items() if f"...{name}" in selected)
    return f"""
query ($representations: [_Any!]!) {{
  _entities(representations: $representations) {{ __typename ... on Child {{ {selected} }} }}
}}
{fragments}"""


ENTITY = entity(f"nhsNumber view {{ {VIEW} }}")

SMALL = entity(
    """nhsNumber view {
      __typename
      ... on JoinedView { sources { ...Line } logEntry { number } }
      ... on PossibleMatches { sources { ...Line } }
      ... on NoMatch { sources { ...Line } }
    }"""
)

ENTITY_BY_ARGUMENT = f"""
query ($representations: [_Any!]!, $enquiry: EnquiryInput) {{
  _entities(representations: $representations) {{ ... on Child {{ view(enquiry: $enquiry) {{ {VIEW} }} }} }}
}}
{FRAGMENTS}"""

CHILD = f"""
query ($find: ChildSearch!, $enquiry: EnquiryInput!) {{ child(find: $find, enquiry: $enquiry) {{ {VIEW} }} }}
{FRAGMENTS}"""

MY_CASES = f"""
query MyCases {{
  myCases {{ reference openedOn child {{ nhsNumber allocatedTo view {{ {VIEW} }} }} }}
}}
{FRAGMENTS}"""
"""What a worker's tool asks the gateway: her cases, and what all agencies know of each child."""
