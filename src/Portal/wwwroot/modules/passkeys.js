// Makes and uses passkeys: asks the server for options, the browser for a credential, and hands it to the form around the button.
const say = (form, text) => {
  const place = form.querySelector('[data-passkey-said]');
  if (place) {
    place.textContent = text;
    place.hidden = !text;
  }
};

async function use(button) {
  const form = button.closest('form');
  const isNew = button.dataset.passkey === 'new';
  say(form, '');
  try {
    const token = form.querySelector('input[name="__RequestVerificationToken"]').value;
    const answer = await fetch(isNew ? '/account/passkeys/options' : '/sign-in/passkey/options', { method: 'POST', headers: { RequestVerificationToken: token } });
    if (!answer.ok) throw new Error(answer.status === 429 ? 'Too many attempts; wait ten seconds.' : 'The server did not give a challenge; load the page again.');
    const options = await answer.json();
    const credential = isNew
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
    form.querySelector('input[name="Credential"]').value = JSON.stringify(credential.toJSON());
    form.submit();
  } catch (error) {
    say(form, error.name === 'NotAllowedError' ? 'The browser gave no passkey: it was cancelled, or there is none for this site.' : error.message);
  }
}

export function startPasskeys() {
  const able = window.isSecureContext && window.PublicKeyCredential?.parseCreationOptionsFromJSON;
  for (const button of document.querySelectorAll('[data-passkey]')) {
    button.disabled = !able;
    if (!able) say(button.closest('form'), 'Passkeys need HTTPS (or localhost) and a browser of today.');
  }
  document.addEventListener('click', event => {
    const button = event.target.closest?.('[data-passkey]');
    if (button) use(button);
  });
}
