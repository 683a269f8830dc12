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
    const { counts } = await this.host.api('/counts');
    const list = document.createElement('ul');
    for (const { tool, calls } of counts) {
      const item = document.createElement('li');
      item.textContent = `${tool}: ${calls}`; // textContent, never innerHTML: a tool's name is somebody else's text
      list.append(item);
    }
    this.replaceChildren(counts.length > 0 ? list : 'No call yet.');
  }
}
customElements.define('my-plugin-card', Card);
