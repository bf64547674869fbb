from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """The same words in both languages."""

    vi: str
    en: str

    def text(self, language: str) -> str:
        """Return the words in `language`; Vietnamese unless it is `en`."""
        return self.en if language == "en" else self.vi
