// While an answer is written: the button says whom it tells and when, and only reasons that fit the status are offered.

const side = document.getElementById("forecast");
const button = document.querySelector("[data-announce-button]");

if (side && button) {
  new MutationObserver(() => {
    const words = side.querySelector("[data-announce-words]");
    if (words) button.textContent = words.textContent.trim();
  }).observe(side, { childList: true });
}
