"""Labels as the smallest PDF a reader opens: a library would cost seconds of start for one line of text."""

from collections.abc import Sequence

_A6_POINTS = "0 0 298 420"


def label_pdf(numbers: Sequence[str]) -> bytes:
    """Return labels, one page each. `numbers` are item numbers: letters and digits only."""
    pages = range(4, 4 + 2 * len(numbers), 2)
    kids = " ".join(f"{page} 0 R" for page in pages)
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(numbers)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for page, number in zip(pages, numbers, strict=True):
        text = f"BT /F1 18 Tf 40 360 Td ({number}) Tj ET"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [{_A6_POINTS}] /Contents {page + 1} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>"
        )
        objects.append(f"<< /Length {len(text)} >>\nstream\n{text}\nendstream")
    return _document(objects)


def _document(objects: Sequence[str]) -> bytes:
    document, starts = "%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        starts.append(len(document))
        document += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{start:010d} 00000 n \n" for start in starts)
    size = len(objects) + 1
    end = f"trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{len(document)}\n%%EOF\n"
    return f"{document}xref\n0 {size}\n0000000000 65535 f \n{table}{end}".encode("ascii")
