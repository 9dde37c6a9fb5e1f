// While an answer is written: the button says whom it tells and when, only reasons that fit the status are offered, and
// a comment beside it is credited where it stands. A snippet is put in where one writes.

const form = document.querySelector("form[data-fits]");
const side = document.getElementById("forecast");
const button = document.querySelector("[data-announce-button]");

if (side && button) {
  new MutationObserver(() => {
    const words = side.querySelector("[data-announce-words]");
    if (words) button.textContent = words.textContent.trim();
  }).observe(side, { childList: true });
}

if (form?.elements.status) {
  const { status, reason } = form.elements;
  const fits = JSON.parse(form.dataset.fits);
  const offer = () => {
    const fitting = fits[status.value] ?? [];
    for (const option of reason.options) {
      option.hidden = option.disabled = !fitting.includes(option.value);
    }
    if (reason.selectedOptions[0]?.disabled) reason.value = fitting[0] ?? "";
  };
  status.addEventListener("change", offer);
  offer();
}

const insert = form?.querySelector("[data-insert]");
insert?.addEventListener("click", (event) => {
  const { snippet, text } = form.elements;
  event.preventDefault();
  text.setRangeText(snippet.selectedOptions[0].dataset.text, text.selectionStart, text.selectionEnd, "end");
  text.dispatchEvent(new Event("input", { bubbles: true }));
  text.focus();
});

for (const pick of document.querySelectorAll("[data-pick]")) {
  pick.addEventListener("click", (event) => {
    const box = document.getElementById(`credit-${pick.value}`);
    if (!box) return;
    event.preventDefault();
    const fold = box.closest("details");
    if (fold) fold.open = true;
    if (!box.checked) box.click();
    document.getElementById(`how-${pick.value}`)?.focus();
  });
}
