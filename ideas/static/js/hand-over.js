// Hands who is signed in to the page that opened this window: to pages of that origin and to nobody else.
const handed = document.querySelector("[data-handed]");

if (window.opener) {
  window.opener.postMessage(JSON.parse(handed.dataset.handed), handed.dataset.origin);
  window.close();
} else {
  // the way through signing in led over another site, or over mail into another window
  document.querySelector("[data-lost]").hidden = false;
}
