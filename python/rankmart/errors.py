"""What can go wrong, in words that say what to do next. The command line prints them plainly."""


class RankmartError(Exception):
    """A fault that the user can mend; the message says how."""


class WarehouseError(RankmartError):
    """The warehouse can't be opened, read or written."""


class BusyError(WarehouseError):
    """The warehouse is open in another process: what may be gone when it is tried again."""


class MissingTableError(WarehouseError):
    """A table that an earlier step builds is not in the warehouse."""

    def __init__(self, table: str, *, build_with: str) -> None:
        super().__init__(f"no table {table} in the warehouse: run `{build_with}` first")


class NotEnoughDataError(RankmartError):
    """The reviews are too few, or too alike, to recommend anything from."""


class SnapshotError(RankmartError):
    """A published snapshot can't be written or read."""


class ExperimentError(RankmartError):
    """An experiment is not as it must be."""


class RuleError(RankmartError):
    """A list rule is not as it must be."""


def first_line(error: BaseException) -> str:
    """What an error says, without the advice below it; its type where it says nothing."""
    return str(error).partition("\n")[0] or type(error).__name__
