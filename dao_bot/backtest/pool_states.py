"""What was recorded of a Uniswap v3 pool, from Parquet files: as a depth, and as what others do in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dao_bot.backtest.depth import PoolStates
from dao_bot.backtest.paths import Floats, PricePaths, Times
from dao_bot.backtest.settings import PoolFile, PoolStatesFile, PoolTradesFile
from dao_bot.backtest.traffic import Traffic, recorded_traffic
from dao_bot.domain.errors import BadInput, NotFound
from dao_bot.protocols.uniswap_v3.paths import Pool


def load_pool_states(file: PoolStatesFile, pool: Pool, directory: Path) -> PoolStates:
    """The liquidity of `pool` through time.

    Raises:
        NotFound, BadInput: as `_columns`.
    """
    end, (liquidity,) = _columns(file, directory, (file.liquidity,))
    return PoolStates(end, liquidity, float(10 ** (pool.base.decimals + pool.quote.decimals)), file.max_age)


def load_pool_trades(file: PoolTradesFile, pool: Pool, in_order: bool, directory: Path, paths: PricePaths) -> Traffic:
    """What others did in `pool`.

    Args:
        in_order: the first column of what was paid in is of token0.

    Raises:
        NotFound, BadInput: as `_columns`, or there was no liquidity at some time.
    """
    end, (liquidity, *paid) = _columns(file, directory, (file.liquidity, *file.paid_in))
    if not (liquidity > 0).all():
        raise BadInput("a pool without liquidity has no price that others trade at", value=file.path)
    paid_in = np.column_stack(paid if in_order else paid[::-1])
    return recorded_traffic(pool, paths, end, liquidity, paid_in, Path(file.path).name)


def _columns(file: PoolFile, directory: Path, names: Sequence[str]) -> tuple[Times, list[Floats]]:
    """When stretches end, and columns of numbers that are not negative. Rows may stand in any order, a time once.

    Raises:
        NotFound: there is no such file or column.
        BadInput: it cannot be read, or holds a time without meaning or what is no number.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import parquet

    path = directory / Path(file.path).expanduser()
    try:
        known = parquet.read_schema(path).names
        missing = [name for name in (file.time, *names) if name not in known]
        if missing:
            raise NotFound(f"{path.name} has no column {', '.join(missing)}", limit=", ".join(known))
        table = parquet.read_table(path, columns=[file.time, *names])
        stamps = table.column(file.time).cast(pa.timestamp("us")).cast(pa.int64()).to_numpy()
        values = [pc.cast(table.column(name), pa.float64()).to_numpy() for name in names]
    except OSError as error:
        raise NotFound("what was recorded of a pool cannot be read", value=f"{path}: {error.strerror}") from error
    except pa.ArrowException as error:
        raise BadInput("what was recorded of a pool cannot be read", value=f"{path}: {str(error)[:200]}") from error
    order = np.argsort(stamps, kind="stable")
    seconds = np.asarray(stamps)[order] // 1_000_000
    columns = [np.asarray(each, dtype=np.float64)[order] for each in values]
    if not len(seconds) or (np.diff(seconds) <= 0).any():
        raise BadInput("what was recorded of a pool has no row, or two rows of one time", value=path)
    for name, column in zip(names, columns, strict=True):
        if not (np.isfinite(column) & (column >= 0)).all():
            raise BadInput(f"the column {name} holds what is no number, or negative", value=path)
    return seconds + (file.interval if file.stamp == "open" else 0), columns
