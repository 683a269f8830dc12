// The card. A module of its own: plain JavaScript, no imports from elsewhere. `host` is set before it is shown.
class Card extends HTMLElement {
  connectedCallback() {
    void this.draw();
    this.stop = this.host.subscribe('call', () => void this.draw());
  }

  disconnectedCallback() {
    this.stop?.();
  }

  async draw() {
    const { calls, failures, lastFailure } = await this.host.api('/panel');
    const lines = [`Asked ${calls} times, failed ${failures} times.`];
    if (lastFailure !== null) lines.push(`Last failure: ${lastFailure}`);
    this.replaceChildren(
      ...lines.map((line) => {
        const paragraph = document.createElement('p');
        paragraph.textContent = line; // textContent, never innerHTML: what calls say is somebody else's text
        return paragraph;
      }),
    );
  }
}
customElements.define('my-plugin-card', Card);
