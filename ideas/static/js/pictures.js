// Pictures in a text: chosen, pasted or dropped, they are sent at once. Those in the text are shown below it, where
// each can be described and taken out. The text alone says which there are, so whatever else changes it is right too.

const TYPES = new Set(["image/jpeg", "image/png", "image/webp", "image/gif"]);
const SHOWN = /!\[((?:\\.|[^\]\\])*)\]\((\/pictures\/[^\s)]+)\)/g;

for (const part of document.querySelectorAll("[data-pictures]")) {
  const text = document.getElementById(part.dataset.for);
  const choice = part.querySelector("input[type=file]");
  const said = part.querySelector("[role=status]");
  const list = part.querySelector("[data-picture-list]");
  const row = part.querySelector("[data-picture-shown]");
  if (!text || !choice || !list || !row) continue;
  for (const field of part.querySelectorAll("[data-without-script]")) field.remove();
  for (const words of part.querySelectorAll("[data-with-script]")) words.hidden = false;
  choice.multiple = true;
  part.dataset.ready = "";

  choice.addEventListener("change", async () => {
    const files = [...choice.files];
    choice.value = ""; // sent here, and not again with the form
    if (await addAll(files)) list.lastElementChild?.querySelector("input").focus();
  });
  text.addEventListener("paste", (event) => take(event, event.clipboardData));
  for (const place of [text, part]) {
    place.addEventListener("drop", (event) => {
      delete text.dataset.drop;
      take(event, event.dataTransfer);
    });
    place.addEventListener("dragover", (event) => {
      if (!bringsFiles(event)) return;
      event.preventDefault();
      text.dataset.drop = "";
    });
    place.addEventListener("dragleave", () => delete text.dataset.drop);
  }
  text.addEventListener("input", show);
  show();

  function take(event, brought) {
    const files = [...(brought?.files ?? [])];
    if (!files.length) return;
    if (files.some((file) => TYPES.has(file.type))) {
      event.preventDefault();
      addAll(files.filter((file) => TYPES.has(file.type)));
    } else if (event.type === "drop") {
      event.preventDefault(); // the browser would leave the page to show the file
      say(part.dataset.kinds);
    }
  }

  async function addAll(files) {
    let added = 0;
    for (const file of files) added += await add(file);
    return added;
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
        insert((await answer.json()).markdown);
        say(part.dataset.done);
        return 1;
      }
      say(answer.headers.get("Content-Type")?.startsWith("text/plain") ? await answer.text() : part.dataset.failed);
    } catch {
      say(part.dataset.failed);
    }
    return 0;
  }

  // In a paragraph of its own, where the cursor stands; typing goes on below it.
  function insert(markdown) {
    const before = text.value.slice(0, text.selectionStart).trimEnd();
    const after = text.value.slice(text.selectionEnd).trimStart();
    const put = `${before ? `${before}\n\n` : ""}${markdown}\n\n`;
    write(put + after);
    text.setSelectionRange(put.length, put.length);
  }

  function show() {
    const found = [...text.value.matchAll(SHOWN)];
    while (list.children.length > found.length) list.lastElementChild.remove();
    found.forEach(([, words, address], place) => {
      const shown = list.children[place] ?? list.appendChild(made());
      const image = shown.querySelector("img");
      if (image.getAttribute("src") !== address) image.setAttribute("src", address);
      const described = shown.querySelector("input");
      if (described !== document.activeElement) described.value = words.replace(/\\(.)/g, "$1");
    });
  }

  function made() {
    const shown = document.importNode(row.content, true).firstElementChild;
    shown.querySelector("input").addEventListener("input", (event) => {
      // what would end the words in the text is written otherwise, as the site does it
      const words = event.target.value.replace(/\s+/g, " ").replace(/\[/g, "(").replace(/\]/g, ")").replace(/\\/g, "");
      change(shown, (address) => `![${words}](${address})`);
    });
    // Enter would post the whole text.
    shown.querySelector("input").addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      text.focus();
    });
    shown.querySelector("button").addEventListener("click", () => {
      change(shown, () => "");
      say(part.dataset.gone);
      text.focus();
    });
    return shown;
  }

  // What stands in the text for the picture in that row becomes something else.
  function change(shown, markdown) {
    const found = [...text.value.matchAll(SHOWN)][[...list.children].indexOf(shown)];
    if (!found) return;
    const [whole, , address] = found;
    const put = markdown(address);
    const before = text.value.slice(0, found.index);
    const after = text.value.slice(found.index + whole.length);
    write(put ? before + put + after : [before.trimEnd(), after.trimStart()].filter(Boolean).join("\n\n"));
  }

  function write(value) {
    text.value = value;
    text.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function say(words) {
    said.textContent = words ?? "";
  }
}

function bringsFiles(event) {
  return [...event.dataTransfer.items].some((item) => item.kind === "file");
}
