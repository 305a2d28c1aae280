// The map: every city a dot, drawn from typed arrays that the page fills from the store.

const ZOOMS = [1, 2, 4, 8, 16];

export class CityMap {
  /** pick(lat, lng, reach) is called when a person chooses a point; reach is in degrees. */
  constructor(canvas, pick) {
    this.canvas = canvas;
    this.pick = pick;
    this.points = new Float32Array(2 * 200_000);
    this.count = 0;
    this.zoom = 1;
    this.centre = { lat: 20, lng: 10 };
    this.cross = { lat: 48.2, lng: 16.4 };
    this.found = [];
    canvas.addEventListener("click", (e) => this.#click(e));
    canvas.addEventListener("keydown", (e) => this.#key(e));
    new ResizeObserver(() => this.draw()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  clear() {
    this.count = 0;
    this.picture = undefined;
    this.draw();
  }

  /** Adds dots: latitudes and longitudes in turn. */
  add(places) {
    const used = 2 * this.count;
    if (used + places.length > this.points.length) {
      const larger = new Float32Array(2 * this.points.length + places.length);
      larger.set(this.points);
      this.points = larger;
    }
    this.points.set(places, used);
    this.count += places.length / 2;
    this.draw();
  }

  /** Marks the rows that were found last. */
  show(rows) {
    this.found = rows;
    this.draw();
  }

  /** The degrees around the cross that a search takes in. */
  get reach() {
    return 2 / this.zoom;
  }

  zoomBy(step) {
    const at = ZOOMS.indexOf(this.zoom) + step;
    if (at < 0 || at >= ZOOMS.length) return;
    this.zoom = ZOOMS[at];
    this.centre = this.zoom === 1 ? { lat: 20, lng: 10 } : { ...this.cross };
    this.draw();
  }

  /** Draws at the next frame, however often it is asked to. */
  draw() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.#paint();
    });
  }

  #paint() {
    const { canvas } = this;
    const ratio = Math.min(2, devicePixelRatio || 1);
    const width = Math.max(1, Math.round(canvas.clientWidth * ratio));
    const height = Math.max(1, Math.round(canvas.clientHeight * ratio));
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const c = canvas.getContext("2d");
    c.clearRect(0, 0, width, height);
    const view = this.#view();
    const style = getComputedStyle(canvas);
    this.#dots(c, view, style.color);
    c.fillStyle = c.strokeStyle = style.accentColor;
    for (const { lat, lng } of this.found) {
      const [x, y] = view.at(lat, lng);
      c.beginPath();
      c.arc(x, y, 3 * ratio, 0, 7);
      c.fill();
    }
    const [x, y] = view.at(this.cross.lat, this.cross.lng);
    const arm = 9 * ratio;
    c.lineWidth = 2 * ratio;
    c.beginPath();
    c.moveTo(x - arm, y);
    c.lineTo(x + arm, y);
    c.moveTo(x, y - arm);
    c.lineTo(x, y + arm);
    c.stroke();
  }

  /** Paints the dots into pixels directly, and only those that the last picture of the same view has not. */
  #dots(c, view, colour) {
    const [red, green, blue] = colour.match(/\d+/g).map(Number);
    const size = this.zoom >= 4 ? 2 : 1;
    const name = [view.width, view.height, this.zoom, this.centre.lat, this.centre.lng, colour].join();
    if (this.picture?.name !== name || this.picture.painted > this.count) {
      this.picture = { name, image: c.createImageData(view.width, view.height), painted: 0 };
    }
    const pixels = this.picture.image.data;
    for (let i = this.picture.painted; i < this.count; i++) {
      const [x, y] = view.at(this.points[2 * i], this.points[2 * i + 1]);
      const px = x | 0;
      const py = y | 0;
      for (let dy = 0; dy < size; dy++) {
        for (let dx = 0; dx < size; dx++) {
          if (px + dx < 0 || py + dy < 0 || px + dx >= view.width || py + dy >= view.height) continue;
          const p = 4 * ((py + dy) * view.width + px + dx);
          pixels[p] = red;
          pixels[p + 1] = green;
          pixels[p + 2] = blue;
          pixels[p + 3] = Math.min(255, pixels[p + 3] + 70);
        }
      }
    }
    this.picture.painted = this.count;
    c.putImageData(this.picture.image, 0, 0);
  }

  /** The projection between degrees and pixels: equirectangular around the centre. */
  #view() {
    const { width, height } = this.canvas;
    const scale = (width / 360) * this.zoom;
    const { lat, lng } = this.centre;
    return {
      width,
      height,
      at: (la, ln) => [width / 2 + (ln - lng) * scale, height / 2 - (la - lat) * scale],
      from: (x, y) => ({ lat: lat - (y - height / 2) / scale, lng: lng + (x - width / 2) / scale }),
    };
  }

  #move(lat, lng) {
    this.cross = { lat: Math.max(-89.9, Math.min(89.9, lat)), lng: ((((lng + 180) % 360) + 360) % 360) - 180 };
  }

  #choose() {
    this.draw();
    this.pick(this.cross.lat, this.cross.lng, this.reach);
  }

  #click(event) {
    const box = this.canvas.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * this.canvas.width;
    const y = ((event.clientY - box.top) / box.height) * this.canvas.height;
    const { lat, lng } = this.#view().from(x, y);
    this.#move(lat, lng);
    this.#choose();
  }

  #key(event) {
    const step = (event.shiftKey ? 10 : 2) / this.zoom;
    const moves = { ArrowUp: [step, 0], ArrowDown: [-step, 0], ArrowLeft: [0, -step], ArrowRight: [0, step] };
    const move = moves[event.key];
    if (move) {
      this.#move(this.cross.lat + move[0], this.cross.lng + move[1]);
      const [x, y] = this.#view().at(this.cross.lat, this.cross.lng);
      if (x < 0 || y < 0 || x > this.canvas.width || y > this.canvas.height) this.centre = { ...this.cross };
      this.draw();
    } else if (event.key === "Enter" || event.key === " ") {
      this.#choose();
    } else if (event.key === "+" || event.key === "-") {
      this.canvas.dispatchEvent(new CustomEvent("zoom", { detail: event.key === "+" ? 1 : -1 }));
    } else {
      return;
    }
    event.preventDefault();
  }
}
