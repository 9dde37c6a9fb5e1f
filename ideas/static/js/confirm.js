// Asks before an act that is hard to take back. Without a script the act's own page or its undo has to do.

document.addEventListener("submit", (event) => {
  const words = event.target.dataset.confirm;
  if (words && !window.confirm(words)) event.preventDefault();
});
