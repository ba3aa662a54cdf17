"""A certified provider changes its keys, with and without overlap, while the hub is asked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.errors import Unauthenticated
from tests.provider.running import Provider, provider
from tests.provider.test_certified_provider import Hub

REREAD_SECONDS = 6
"""Past the pause between two readings for a key not seen yet (docs/access.md)."""

STALE_SECONDS = 61
"""Past the age at which keys are read again before they are used."""


@pytest.fixture
def changing() -> Iterator[Provider]:
    with provider("ES256") as running:
        yield running


async def test_with_overlap_nobody_notices(changing: Provider) -> None:
    hub, key = Hub(changing.issuer), changing.client.dpop_key
    old = await changing.client_token()
    await hub.ask(old, key)
    changing.publish("b", "a")
    new = await changing.client_token()
    hub.ahead += REREAD_SECONDS
    await hub.ask(new, key)
    await hub.ask(old, key)


async def test_a_key_that_was_withdrawn_is_refused_within_a_minute(changing: Provider) -> None:
    hub, key = Hub(changing.issuer), changing.client.dpop_key
    old = await changing.client_token()
    await hub.ask(old, key)
    changing.publish("b")
    hub.ahead += STALE_SECONDS
    with pytest.raises(Unauthenticated, match="does not publish"):
        await hub.ask(old, key)
    await hub.ask(await changing.client_token(), key)


async def test_a_hard_change_is_followed_by_the_first_new_token(changing: Provider) -> None:
    hub, key = Hub(changing.issuer), changing.client.dpop_key
    await hub.ask(await changing.client_token(), key)
    changing.publish("b")
    hub.ahead += REREAD_SECONDS
    await hub.ask(await changing.client_token(), key)


async def test_the_key_after_next_is_ready_before_it_signs(changing: Provider) -> None:
    hub, key = Hub(changing.issuer), changing.client.dpop_key
    changing.publish("a", "b")
    await hub.ask(await changing.client_token(), key)
    changing.publish("b", "a")
    await hub.ask(await changing.client_token(), key)  # no waiting: it was read with the first
