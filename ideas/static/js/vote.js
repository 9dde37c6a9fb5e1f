// A vote without a new page: sends the same form, puts the answered form in its place and says what is so now.

const announcer = document.querySelector("[data-announce]");

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-vote]");
  if (!form) return;
  event.preventDefault();
  const button = form.querySelector("button");
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");

  let answer;
  try {
    answer = await fetch(form.action, {
      method: "POST",
      body: new FormData(form),
      headers: { "X-Requested-With": "fetch" },
      redirect: "manual",
    });
  } catch {
    answer = null;
  }
  // A visitor is led to sign in, and whatever went wrong is told on a page: both are what the form does by itself.
  if (!answer || !answer.ok) {
    form.submit();
    return;
  }
  const part = new DOMParser().parseFromString(await answer.text(), "text/html");
  const changed = part.querySelector("form[data-vote]");
  if (!changed) {
    location.reload();
    return;
  }
  swap(form, changed);
  announcer.textContent = part.querySelector("[data-said]")?.textContent.trim() ?? "";
});

// The same idea may be voted on in two places of a page; both show the same.
function swap(form, changed) {
  const hadFocus = form.contains(document.activeElement);
  for (const shown of document.querySelectorAll("form[data-vote]")) {
    if (shown.action !== form.action) continue;
    const fresh = document.importNode(shown === form ? changed : alike(shown, changed), true);
    fresh.setAttribute("data-changed", "");
    shown.replaceWith(fresh);
    if (shown === form && hadFocus) fresh.querySelector("button").focus();
  }
}

function alike(shown, changed) {
  const copy = shown.cloneNode(true);
  copy.elements.on.value = changed.elements.on.value;
  copy.querySelector("button").setAttribute("aria-pressed", changed.querySelector("button").getAttribute("aria-pressed"));
  copy.querySelector("button").removeAttribute("aria-busy");
  copy.querySelector("svg").replaceWith(changed.querySelector("svg").cloneNode(true));
  copy.querySelector(".vote-count").textContent = changed.querySelector(".vote-count").textContent;
  return copy;
}
