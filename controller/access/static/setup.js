/* This file puts the code of a set-up link into its field; what stands behind the # was not sent. */

const code = location.hash.slice(1);
const field = document.querySelector('[name="code"]');
if (code && field instanceof HTMLInputElement) {
  field.value = code;
  history.replaceState(null, "", location.pathname); // so that nobody reads it over a shoulder
  document.querySelector('[name="account"]')?.focus();
}
