// Passkeys: asks the site what is to be signed, the browser to have it signed, and sends what it says with the form that
// stands there. Without a script, or where the browser knows no passkeys, these forms stay hidden.

const LISTS = ["excludeCredentials", "allowCredentials"];

if (window.PublicKeyCredential) {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", ask);
  }
  for (const words of document.querySelectorAll("[data-without-passkeys]")) words.hidden = true;
}

async function ask(event) {
  const form = event.target;
  event.preventDefault();
  const button = form.querySelector("button");
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  const said = form.querySelector("[data-said]");
  said.textContent = "";
  try {
    const answer = await fetch(form.dataset.begin, {
      method: "POST",
      body: new FormData(form),
      headers: { "X-Requested-With": "fetch" },
      redirect: "manual",
    });
    // Whoever has to prove first who they are is led there by the form itself, and what went wrong is told on a page.
    if (answer.ok) send(form, await signed(form.dataset.passkey, await answer.json()));
    else form.submit();
  } catch {
    // given up, timed out, or there is none that fits: browsers do not say which
    said.textContent = form.dataset.givenUp;
  } finally {
    button.removeAttribute("aria-busy");
  }
}

async function signed(act, options) {
  const publicKey = { ...options, challenge: bytes(options.challenge) };
  if (options.user) publicKey.user = { ...options.user, id: bytes(options.user.id) };
  for (const list of LISTS) {
    if (options[list]) publicKey[list] = options[list].map((each) => ({ ...each, id: bytes(each.id) }));
  }
  return navigator.credentials[act]({ publicKey });
}

function send(form, credential) {
  const response = {};
  for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[part]) response[part] = text(credential.response[part]);
  }
  const field = document.createElement("input");
  field.type = "hidden";
  field.name = "credential";
  field.value = JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response });
  form.append(field);
  form.submit();
}

function bytes(base64url) {
  return Uint8Array.from(atob(base64url.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
}

function text(buffer) {
  const signs = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(signs).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}
