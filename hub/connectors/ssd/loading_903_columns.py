"""The columns of the SSDA903 return's files, and the columns of the dataset that each fills."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.connectors.ssd import codes, codes_care
from hub.connectors.ssd.loading import Spec, british_day, number, one_of, short, yes_no
from hub.connectors.ssd.values import partial_day


@dataclass(frozen=True, slots=True)
class Shape:
    """One file of the return.

    Attributes:
        known_by: the columns that tell it from the others.
        makes: which of the reader's ways makes rows of it.
        needs: columns of the dataset without which a row is left out; they make its id too.
        start, end: columns of the dataset between which time runs forward.
        also: columns of the file that are read in another way than by ``spec``.
    """

    name: str
    known_by: frozenset[str]
    spec: Spec
    makes: str = "plain"
    table: str = ""
    key: str = ""
    person: str = ""
    needs: tuple[str, ...] = ()
    start: str = ""
    end: str = ""
    also: frozenset[str] = frozenset()
    always: Mapping[str, object] = field(default_factory=dict)

    @property
    def read(self) -> frozenset[str]:
        """Every column of the file that something is made of, or that only repeats who the child is."""
        return self.also | {name for name, _, _ in self.spec} | {"CHILD", "DOB"}


def partial(text: str) -> str:
    """A date of which the day and the month may be ``zz``, kept as it is written."""
    try:
        if text.casefold() != "zz/zz/zzzz":
            partial_day((text,))
    except ValueError:
        raise ValueError("is not a date") from None
    return text


EPISODE: Spec = (
    ("DECOM", "clae_cla_episode_start_date", british_day),
    ("RNE", "clae_cla_episode_start_reason", one_of(codes.START_REASON)),
    ("CIN", "clae_cla_primary_need_code", one_of(codes.NEED)),
    ("DEC", "clae_cla_episode_ceased_date", british_day),
    ("REC", "clae_cla_episode_ceased_reason", one_of(codes.CEASED_REASON)),
)
PLACEMENT: Spec = (
    ("PLACE", "clap_cla_placement_type", one_of(codes.PLACEMENT_TYPE)),
    ("PLACE_PROVIDER", "clap_cla_placement_provider", one_of(codes.PLACEMENT_PROVIDER)),
    ("REASON_PLACE_CHANGE", "clap_cla_placement_change_reason", one_of(codes.PLACEMENT_CHANGE)),
    ("PL_POST", "clap_cla_placement_postcode", short),
    ("URN", "clap_cla_placement_urn", short),
)
LEGAL: Spec = (("LS", "lega_legal_status", one_of(codes.LEGAL_STATUS)),)
HEALTH: Spec = tuple(
    (name, name, yes_no)
    for name in (
        "CONVICTED", "HEALTH_CHECK", "IMMUNISATIONS", "TEETH_CHECK", "HEALTH_ASSESSMENT", "SUBSTANCE_MISUSE",
        "INTERVENTION_RECEIVED",
    )
)  # fmt: skip
ADOPTED: Spec = (
    ("DATE_MATCH", "perm_matched_date", british_day),
    ("FOSTER_CARE", "perm_adopted_by_carer_flag", yes_no),
    ("NB_ADOPTR", "perm_number_of_adopters", one_of(("1", "2"))),
    ("SEX_ADOPTR", "perm_adopter_sex", one_of(("M1", "F1", "MM", "FF", "MF"))),
    ("LS_ADOPTR", "perm_adopter_legal_status", one_of(("L0", "L11", "L12", "L2", "L3", "L4"))),
)
PLACED: Spec = (
    ("DATE_PLACED", "perm_placed_for_adoption_date", british_day),
    ("DATE_PLACED_CEASED", "perm_decision_reversed_date", british_day),
    ("REASON_PLACED_CEASED", "perm_decision_reversed_reason", one_of(("RD1", "RD2", "RD3", "RD4"))),
)
_PERSON: Spec = (
    ("SEX", "pers_sex", one_of(("1", "2"))),
    ("DOB", "pers_dob", british_day),
    ("ETHNIC", "pers_ethnicity", one_of(codes.ETHNICITY)),
    ("MOTHER", "pers_is_mother", yes_no),
)
_LEAVER: Spec = (
    ("IN_TOUCH", "clea_care_leaver_in_touch", one_of(codes_care.IN_TOUCH)),
    ("ACTIV", "clea_care_leaver_activity", one_of((*codes_care.ACTIVITY, "0"))),
    (
        "ACCOM",
        "clea_care_leaver_accommodation",
        one_of((*(f"{code}{fit}" for code in codes_care.ACCOMMODATION for fit in codes_care.SUITABLE), "0")),
    ),
)


def _known(*names: str) -> frozenset[str]:
    return frozenset({"CHILD", *names})


def _names(*specs: Spec) -> frozenset[str]:
    return frozenset(name for spec in specs for name, _, _ in spec)


_ALL = (
    Shape("header", _known("SEX", "ETHNIC", "UPN"), _PERSON, "child", also=frozenset({"UPN"})),
    Shape(
        "episodes", _known("DECOM", "RNE", "LS", "PLACE"), EPISODE, "episode", needs=("clae_cla_episode_start_date",),
        start="clae_cla_episode_start_date", end="clae_cla_episode_ceased_date", also=_names(PLACEMENT, LEGAL),
    ),
    Shape(
        "reviews", _known("REVIEW", "REVIEW_CODE"),
        (("REVIEW", "clar_cla_review_date", british_day),
         ("REVIEW_CODE", "clar_cla_review_participation", one_of(codes_care.PARTICIPATION))),
        "review", needs=("clar_cla_review_date",),
    ),
    Shape(
        "missing", _known("MISSING", "MIS_START"),
        (("MISSING", "miss_missing_episode_type", one_of(codes.MISSING_TYPE)),
         ("MIS_START", "miss_missing_episode_start_date", british_day),
         ("MIS_END", "miss_missing_episode_end_date", british_day)),
        table="ssd_missing", key="miss_table_id", person="miss_person_id", needs=("miss_missing_episode_start_date",),
        start="miss_missing_episode_start_date", end="miss_missing_episode_end_date",
    ),
    Shape(
        "oc2", _known("SDQ_SCORE", "HEALTH_CHECK"),
        (("SDQ_SCORE", "csdq_sdq_score", lambda text: str(number(40)(text))),
         ("SDQ_REASON", "csdq_sdq_reason", one_of(codes_care.SDQ_REASON))),
        "health", also=_names(HEALTH),
    ),
    Shape("oc3", _known("IN_TOUCH", "ACTIV", "ACCOM"), _LEAVER, "leaver"),
    Shape(
        "previous_permanence", _known("PREV_PERM"),
        (("PREV_PERM", "lapp_previous_permanence_option", one_of(codes_care.PREVIOUS_PERMANENCE)),
         ("LA_PERM", "lapp_previous_permanence_la", short),
         ("DATE_PERM", "lapp_previous_permanence_order_date", partial)),
        table="ssd_cla_previous_permanence", key="lapp_table_id", person="lapp_person_id",
        needs=("lapp_previous_permanence_option",),
    ),
    Shape("ad1", _known("DATE_MATCH", "LS_ADOPTR"), (), "adoption", also=_names(ADOPTED)),
    Shape("placed_for_adoption", _known("DATE_PLACED"), (), "adoption", also=_names(PLACED)),
    Shape(
        "uasc", _known("DUC"), (("DUC", "immi_immigration_status_end_date", british_day),),
        table="ssd_immigration_status", key="immi_immigration_status_id", person="immi_person_id",
        always={"immi_immigration_status": "Unaccompanied Asylum Seeking Child"}, also=frozenset({"SEX"}),
    ),
    Shape(
        "sw_episodes", _known("SW_ID", "SW_DECOM"),
        (("SW_ID", "invo_professional_id", short), ("SW_DECOM", "invo_involvement_start_date", british_day),
         ("SW_DEC", "invo_involvement_end_date", british_day), ("SW_REASON", "invo_worker_change_reason", short)),
        "worker", "ssd_involvements", "invo_involvements_id", "invo_person_id",
        needs=("invo_professional_id", "invo_involvement_start_date"),
        start="invo_involvement_start_date", end="invo_involvement_end_date",
    ),
)  # fmt: skip

SHAPES: Mapping[str, Shape] = {shape.name: shape for shape in _ALL}
"""The files in the order they are read: the children first, then their episodes."""
