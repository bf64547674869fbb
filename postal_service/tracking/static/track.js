// Keeps an open tracking page up to date: at news the page is fetched again and its part about the papers replaced.
// Without this script the page is complete; it only does not change by itself.
"use strict";

const part = document.getElementById("tracking");
const announcement = document.getElementById("announcement");

async function refresh(news) {
  const response = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!response.ok) return;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  const freshPart = fresh.getElementById("tracking");
  if (!freshPart || Number(freshPart.dataset.version) <= Number(part.dataset.version)) return;
  part.replaceChildren(...freshPart.childNodes);
  part.dataset.version = freshPart.dataset.version;
  document.title = fresh.title;
  announcement.textContent = `${announcement.dataset.prefix}: ${news.status_text}`;
}

const live = new EventSource(part.dataset.live);
live.addEventListener("tracking", (event) => {
  if (Number(event.lastEventId) <= Number(part.dataset.version)) return;
  // A failed fetch is made good by the next event; the stream sends the latest whenever it opens again.
  refresh(JSON.parse(event.data)).catch(() => {});
});
