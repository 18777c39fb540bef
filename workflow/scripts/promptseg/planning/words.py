"""Times and sizes as people say them."""


def duration_text(seconds: float) -> str:
    """ "40 s", "4 min 10 s", "3 h 20 min", "2 days 4 h"."""
    seconds = round(seconds)
    minutes, hours = seconds // 60, seconds // 3600
    if seconds < 60:
        return f"{seconds} s"
    if hours == 0:
        return f"{minutes} min" + (f" {seconds % 60 // 10 * 10} s" if minutes < 10 and seconds % 60 >= 10 else "")
    if hours < 24:
        return f"{hours} h {minutes % 60} min"
    return f"{hours // 24} day{'s' if hours >= 48 else ''} {hours % 24} h"


def size_text(size: float) -> str:
    """ "3 MB", "1.2 GB"."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def number_text(number: float) -> str:
    """ "950", "12 000", "2.8 million": not more digits than an estimate has."""
    if number < 1000:
        return f"{number:.0f}"
    return (
        f"{round(number, 2 - len(str(int(number)))):,.0f}".replace(",", " ")
        if number < 1e6
        else f"{number / 1e6:.1f} million"
    )
