// Menus are <details>: they open without a script. This closes them again by Escape, by a click elsewhere, or when left.

const menus = "details[data-menu]";

function close(menu) {
  menu.open = false;
}

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll(`${menus}[open]`)) {
    if (!menu.contains(event.target)) close(menu);
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector(`${menus}[open]`);
  if (!menu) return;
  const hadFocus = menu.contains(document.activeElement);
  close(menu);
  if (hadFocus) menu.querySelector("summary").focus();
});

document.addEventListener("focusout", (event) => {
  const menu = event.target.closest?.(`${menus}[open]`);
  if (menu && event.relatedTarget && !menu.contains(event.relatedTarget)) close(menu);
});

// What is wrong with a form is said first.
document.querySelector("[data-focus]")?.focus();
