// Nothing typed is lost: a form marked data-draft="name" is kept in this browser until it is sent.

const PREFIX = "draft:";

for (const form of document.querySelectorAll("form[data-draft]")) {
  const key = PREFIX + form.dataset.draft;
  const fields = [...form.querySelectorAll("textarea, input[type=text]")];

  const kept = read(key);
  for (const field of fields) {
    if (kept[field.name] && !field.value) field.value = kept[field.name];
  }

  form.addEventListener("input", () => {
    const values = Object.fromEntries(fields.filter((field) => field.value).map((field) => [field.name, field.value]));
    write(key, values);
  });
  form.addEventListener("submit", (event) => {
    if (!event.submitter?.hasAttribute("data-preview-button")) write(key, {});
  });
}

function read(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key)) ?? {};
  } catch {
    return {};
  }
}

function write(key, values) {
  try {
    if (Object.keys(values).length) sessionStorage.setItem(key, JSON.stringify(values));
    else sessionStorage.removeItem(key);
  } catch {
    // Private windows may have no storage; the form itself works all the same.
  }
}
