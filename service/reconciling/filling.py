"""Filling in the dimensions that an organization has declared, for the instances that were there before.

Every worker does it; where several do it at once each takes other instances, and writing values again is harmless.
"""

from __future__ import annotations

import asyncio
import logging

from domain.errors import Unavailable
from store.instances.dimensions import Dimensions

logger = logging.getLogger("slakeeper.dimensions")

INTERVAL_SECONDS = 5.0
# Records of tickets have to come in between.
PAUSE_SECONDS = 0.02


async def keep_filled(dimensions: Dimensions) -> None:
    """Look for what is to be filled in, for ever."""
    while True:
        try:
            filled = await fill(dimensions)
        except Unavailable as error:
            logger.warning("dimensions could not be filled in: %s", error)
        except Exception:
            # The dimensions of one organization must not end the worker's part in those of others.
            logger.exception("dimensions could not be filled in")
        else:
            if filled:
                logger.info("the dimensions of %d instance(s) are filled in", filled)
        await asyncio.sleep(INTERVAL_SECONDS)


async def fill(dimensions: Dimensions) -> int:
    """Fill in all that there is to be filled in; return how many instances that were."""
    every = 0
    while some := await dimensions.fill():
        every += some
        await asyncio.sleep(PAUSE_SECONDS)
    return every
