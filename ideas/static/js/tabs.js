// On a narrow screen tabs are a strip that scrolls: the one that is shown is brought into sight.

for (const strip of document.querySelectorAll("[data-tabs]")) {
  const shown = strip.querySelector("[aria-current]");
  if (shown) strip.scrollLeft += middle(shown) - middle(strip);
}

function middle(element) {
  const place = element.getBoundingClientRect();
  return place.left + place.width / 2;
}
