"use strict";
for (const player of document.querySelectorAll(".player")) {
  const facts = JSON.parse(player.querySelector("script").textContent);
  const sprite = player.querySelector(".stage img");
  const canvas = player.querySelector("canvas");
  const controls = player.querySelector(".controls");
  const [button, slider, label] = ["button", "input", "output"].map((n) => controls.querySelector(n));
  const pen = canvas.getContext("2d");
  let timer = 0;

  const draw = () => {
    const k = Number(slider.value);
    const x = (k % facts.columns) * canvas.width;
    const y = Math.floor(k / facts.columns) * canvas.height;
    pen.drawImage(sprite, x, y, canvas.width, canvas.height, 0, 0, canvas.width, canvas.height);
    label.textContent = facts.labels[k];
    slider.setAttribute("aria-valuetext", facts.labels[k]);
    canvas.setAttribute("aria-label", facts.name + ", " + facts.labels[k]);
  };
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    button.textContent = "Play";
  };
  const step = () => {
    slider.value = (Number(slider.value) + 1) % facts.labels.length;
    draw();
  };
  button.addEventListener("click", () => {
    if (timer) return stop();
    timer = setInterval(step, facts.pause);
    button.textContent = "Pause";
  });
  slider.addEventListener("input", () => { stop(); draw(); });
  sprite.decode().then(() => {
    canvas.hidden = controls.hidden = false;
    draw();
  });
}
