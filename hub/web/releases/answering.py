"""Answering a release request: the form that releases, and the two that refuse.

A refusal is made in two steps: which impediment, then its facts. What is no impediment (data protection, no consent,
"confidential") is answered with what to say instead and the list of those there are; nothing that was typed is lost.
"""

from __future__ import annotations

import re
from typing import Any

from starlette.responses import Response

from hub.errors import NotFound
from hub.policy.bundle import Rule
from hub.policy.lifting import Basis, refusing_rules, rejected_in
from hub.service.releasing import Releasing
from hub.service.releasing_told import for_holder
from hub.service.releasing_words import DAYS_MAX, TEXT_MAX, How, Refusal, Release, Wrong
from hub.store.release_requests import Request
from hub.web.forms import Form
from hub.web.releases.showing import Names, lifting_items, releasing
from hub.web.site import Site
from hub.web.visit import Visit

OTHER = "other"
_REFERENCE = re.compile(r"[0-9a-f]{32}")
_DAYS = "7"


async def release(site: Site, visit: Visit) -> Response:
    """Release what was asked for: in whole, with conditions, or in the holder's own words."""
    requests, request = await _to_answer(site, visit)
    if request.answered is not None:
        return visit.go(f"/releases/{request.reference}")
    form, status = Form({"days": [_DAYS]}), 200
    if visit.request.method == "POST":
        form, status = await visit.form(), 400
        try:
            await requests.release(visit.searcher, await visit.officer(), request.reference, _release(form))
            return visit.go(f"/releases/{request.reference}")
        except Wrong as wrong:
            _mark(form, wrong)
    names, grounds = Names.of(site), requests.grounds(request)
    lifts = [lifting_items(each, form, names) for each in grounds if each.lifts]
    return visit.render(
        "releases/release.html",
        form=form,
        status=status,
        seen=await for_holder(requests, request),
        lifts=lifts,
        stuck=[each.rule for each in grounds if not each.lifts],
        posts=sorted(names.bundle.vocabulary.posts.items(), key=lambda each: each[1]),
        days_max=DAYS_MAX,
        most=TEXT_MAX,
        names=names,
    )


async def refuse(site: Site, visit: Visit) -> Response:
    """Refuse what was asked for, under one impediment whose facts are so."""
    requests, request = await _to_answer(site, visit)
    if request.answered is not None:
        return visit.go(f"/releases/{request.reference}")
    if visit.request.method != "POST":
        return await _choosing(site, visit, requests, request, Form())
    form = await visit.form()
    ground = form.value("ground")
    basis = None if ground == OTHER else requests.basis(request, ground)
    if form.value("step") == "facts" and basis is not None:
        return await _stated(visit, requests, request, form, basis)
    if basis is None or basis.unavailable or (not ground and form.value("other")):
        return await _choosing(site, visit, requests, request, form, basis)
    return await _facts(visit, requests, request, form, basis, status=200)


async def _stated(visit: Visit, requests: Releasing, request: Request, form: Form, basis: Basis) -> Response:
    """The facts were stated: refuse, or say what is wrong with them."""
    so = frozenset((*form.all("so"), *form.all("lifts")))
    given = Refusal(basis.rule.id, so, form.value("none") == "yes", form.value("note").replace("\r\n", "\n"))
    try:
        await requests.refuse(visit.searcher, await visit.officer(), request.reference, given)
    except Wrong as wrong:
        _mark(form, wrong)
        return await _facts(visit, requests, request, form, basis, status=400)
    return visit.go(f"/releases/{request.reference}")


async def _facts(
    visit: Visit, requests: Releasing, request: Request, form: Form, basis: Basis, *, status: int
) -> Response:
    return visit.render(
        "releases/facts.html",
        form=form,
        status=status,
        seen=await for_holder(requests, request),
        basis=basis,
        veiled=request.about.veiled or basis.rule.veiled,
        names=Names.of(visit.site),
        most=TEXT_MAX,
        chosen=frozenset((*form.all("so"), *form.all("lifts"))),
    )


async def _choosing(
    site: Site, visit: Visit, requests: Releasing, request: Request, form: Form, basis: Basis | None = None
) -> Response:
    """The list of impediments; with what to say instead, where a ground was given that is none."""
    bundle, said = site.policies.current.bundle, form.value("other").strip()
    rejected = rejected_in(said, bundle)
    if basis is not None:
        form.wrong(
            "ground", f"{basis.rule.title} does not stop sharing here: {basis.unavailable}. Choose another, or release"
        )
    elif rejected:
        form.wrong("other", "That ground does not stop sharing. Read why below, then choose what does, or release")
    elif said:
        form.wrong(
            "other", "That is none of the impediments the partnership has agreed. Choose one of them, or release"
        )
    elif visit.request.method == "POST":
        form.wrong("ground", "Choose what stops you from sharing this")
    on_line = {ground.rule.id for ground in requests.grounds(request)}
    rules = refusing_rules(bundle)
    chosen = form.value("ground")
    ours = [_item(each, chosen) for each in rules if each.id in on_line]
    others = [_item(each, chosen) for each in rules if each.id not in on_line]
    return visit.render(
        "releases/refuse.html",
        form=form,
        status=200 if form.ok else 400,
        seen=await for_holder(requests, request),
        ours=ours,
        others=others,
        rejected=rejected,
        other_chosen=chosen == OTHER or bool(said),
        open=not ours or not form.ok or any(each["checked"] for each in others),
        names=Names.of(site),
    )


def _item(rule: Rule, chosen: str) -> dict[str, Any]:
    return {
        "value": rule.id,
        "text": rule.title,
        "hint": {"text": rule.citation},
        "checked": rule.id == chosen,
    }


def _release(form: Form) -> Release:
    """A release as it was typed; conditions and wording are two boxes, of which the chosen way counts."""
    how = form.value("how")
    text = form.value("wording" if how == How.SANITISED else "conditions")
    lifted = {name.removeprefix("lift-"): form.value(name) for name in form.sent if name.startswith("lift-")}
    return Release(
        how,
        lifted,
        form.value("decided_by"),
        form.value("post"),
        form.value("reasons").replace("\r\n", "\n"),
        text,
        form.value("days").strip(),
    )


def _mark(form: Form, wrong: Wrong) -> None:
    for name, message in wrong.problems:
        form.wrong(name, message)


async def _to_answer(site: Site, visit: Visit) -> tuple[Releasing, Request]:
    reference = visit.request.path_params["reference"]
    if _REFERENCE.fullmatch(reference) is None:
        raise NotFound("There is no such request.")
    requests = releasing(site)
    return requests, await requests.to_answer(visit.searcher, reference)
