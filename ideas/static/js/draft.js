// Nothing typed is lost: a form marked data-draft="name" is kept in this browser until it was taken.

const PREFIX = "draft:";
const SENT = "draft-sent";

const forms = [...document.querySelectorAll("form[data-draft]")];

// What was sent is kept until we see that it was taken: it led to another page, or to the comment it became.
const sent = read(SENT).name;
if (sent && (!forms.some((form) => form.dataset.draft === sent) || location.hash.startsWith("#comment-"))) {
  write(PREFIX + sent, {});
  write(SENT, {});
}

for (const form of forms) {
  const name = form.dataset.draft;
  // a field may stand outside of its form
  const fields = [...form.elements].filter((field) => field.matches("textarea, input[type=text]"));

  const kept = read(PREFIX + name);
  for (const field of fields) {
    if (kept[field.name] && !field.value) field.value = kept[field.name];
  }

  document.addEventListener("input", (event) => {
    if (event.target.form !== form) return;
    const typed = fields.filter((field) => field.value).map((field) => [field.name, field.value]);
    write(PREFIX + name, Object.fromEntries(typed));
  });
  form.addEventListener("submit", () => write(SENT, { name }));
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
