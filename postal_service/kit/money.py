"""Money is integer đồng. There is no smaller unit and no float anywhere near it."""


def format_vnd(amount: int) -> str:
    """Write an amount as people in Vietnam do: `200.000 đ`."""
    return f"{amount:,}".replace(",", ".") + " đ"
