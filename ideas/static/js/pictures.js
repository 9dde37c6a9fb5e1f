// Pictures in a text: chosen, pasted or dropped, they are sent at once, and the text shows them where it was written.

const TYPES = new Set(["image/jpeg", "image/png", "image/webp", "image/gif"]);

for (const part of document.querySelectorAll("[data-pictures]")) {
  const text = document.getElementById(part.dataset.for);
  const choice = part.querySelector("input[type=file]");
  const said = part.querySelector("[role=status]");
  if (!text || !choice) continue;
  for (const field of part.querySelectorAll("[data-without-script]")) field.remove();

  choice.addEventListener("change", async () => {
    const files = [...choice.files];
    choice.value = ""; // sent here, and not again with the form
    await addAll(files);
  });
  text.addEventListener("paste", (event) => take(event, event.clipboardData));
  text.addEventListener("drop", (event) => take(event, event.dataTransfer));
  text.addEventListener("dragover", (event) => {
    if ([...event.dataTransfer.items].some((item) => item.kind === "file")) event.preventDefault();
  });

  function take(event, brought) {
    const files = [...(brought?.files ?? [])].filter((file) => TYPES.has(file.type));
    if (!files.length) return;
    event.preventDefault();
    addAll(files);
  }

  async function addAll(files) {
    for (const file of files) await add(file);
  }

  async function add(file) {
    say(part.dataset.busy);
    const sent = new FormData();
    sent.set("csrf_token", text.form.elements.csrf_token?.value ?? "");
    sent.set("picture", file);
    try {
      const answer = await fetch(part.dataset.pictures, {
        method: "POST",
        body: sent,
        headers: { "X-Requested-With": "fetch" },
        redirect: "error",
      });
      if (answer.status === 201) {
        insert((await answer.json()).markdown.replace("![]", `![${part.dataset.words}]`));
        say(part.dataset.done);
      } else if (answer.headers.get("Content-Type")?.startsWith("text/plain")) {
        say(await answer.text());
      } else {
        say(part.dataset.failed);
      }
    } catch {
      say(part.dataset.failed);
    }
  }

  // In a paragraph of its own, with the words about it selected, so that typing replaces them.
  function insert(markdown) {
    const before = text.value.slice(0, text.selectionStart).trimEnd();
    const after = text.value.slice(text.selectionEnd).trimStart();
    const start = before ? `${before}\n\n` : "";
    text.value = start + markdown + (after ? `\n\n${after}` : "\n");
    text.focus();
    text.setSelectionRange(start.length + 2, start.length + markdown.indexOf("]"));
    text.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function say(words) {
    said.textContent = words ?? "";
  }
}
