"""Recorded states of a Uniswap v3 pool from a Parquet file, as a depth."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dao_bot.backtest.depth import PoolStates
from dao_bot.backtest.settings import PoolStatesFile
from dao_bot.domain.errors import BadInput, NotFound
from dao_bot.protocols.uniswap_v3.paths import Pool


def load_pool_states(file: PoolStatesFile, pool: Pool, directory: Path) -> PoolStates:
    """The liquidity of `pool` through time. Rows may stand in any order; a time may stand there once.

    Raises:
        NotFound: there is no such file or column.
        BadInput: it cannot be read, or holds a time without meaning or a liquidity that is no number.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import parquet

    path = directory / Path(file.path).expanduser()
    try:
        known = parquet.read_schema(path).names
        missing = [name for name in (file.time, file.liquidity) if name not in known]
        if missing:
            raise NotFound(f"{path.name} has no column {', '.join(missing)}", limit=", ".join(known))
        table = parquet.read_table(path, columns=[file.time, file.liquidity])
        stamps = table.column(file.time).cast(pa.timestamp("us")).cast(pa.int64()).to_numpy()
        liquidity = pc.cast(table.column(file.liquidity), pa.float64()).to_numpy()
    except OSError as error:
        raise NotFound("the states of a pool cannot be read", value=f"{path}: {error.strerror}") from error
    except pa.ArrowException as error:
        raise BadInput("the states of a pool cannot be read", value=f"{path}: {str(error)[:200]}") from error
    order = np.argsort(stamps, kind="stable")
    time, liquidity = np.asarray(stamps)[order] // 1_000_000, np.asarray(liquidity, dtype=np.float64)[order]
    if not len(time) or (np.diff(time) <= 0).any():
        raise BadInput("the states of a pool have no row, or two rows of one time", value=path)
    if not (np.isfinite(liquidity) & (liquidity >= 0)).all():
        raise BadInput("the states of a pool hold a liquidity that is no number, or negative", value=path)
    return PoolStates(time, liquidity, float(10 ** (pool.base.decimals + pool.quote.decimals)), file.max_age)
