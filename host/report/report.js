/* Draws the plots of report.html from its data island. Nothing is fetched. */
(function () {
  'use strict';
  const root = document.documentElement;
  const cases = JSON.parse(document.getElementById('pbl-data').textContent).cases;
  const chosen = cases.map(() => 0); /* observable shown, per case */
  root.classList.add('has-js');

  const colour = (name) => getComputedStyle(root).getPropertyValue('--' + name).trim();
  const some = (v) => v.some((x) => x !== null);

  function axis(label, size) {
    return { label, labelSize: 20, size: size || 36, stroke: colour('ink'), font: '12px system-ui',
      labelFont: '12px system-ui', grid: { stroke: colour('rule'), width: 1 },
      ticks: { stroke: colour('rule'), width: 1 } };
  }

  const short = (v) => (v === null || v === undefined ? '-' : String(+v.toPrecision(4)));

  function series(label, stroke, more) {
    return Object.assign({ label, stroke, width: 1.5, points: { show: false }, spanGaps: true,
      value: (u, v) => short(v) }, more);
  }


  function lines(box, xLabel, yLabel, data, list, range) {
    if (!data[0].length) return empty(box);
    new uPlot({ width: box.clientWidth, height: 260, scales: { x: { time: false },
      y: range ? { range: () => range } : {} }, axes: [axis(xLabel), axis(yLabel, 52)],
      series: [{ label: xLabel, value: (u, v) => short(v) }].concat(list) },
    data, box);
  }

  function empty(box) {
    box.textContent = 'No data.';
    box.style.minHeight = '0';
  }

  /* Both traces share one vertical range, else they cannot be compared by eye. */
  function traceRange(o) {
    let low = Infinity, high = -Infinity;
    for (const t of [o.device.trace, o.reference.trace])
      for (const v of t.chain0.concat(t.chain1))
        if (v !== null) { low = Math.min(low, v); high = Math.max(high, v); }
    if (!(low <= high)) return undefined;
    const pad = 0.05 * (high - low) || 0.5;
    return [low - pad, high + pad];
  }

  function trace(box, c, o, side) {
    const t = o[side].trace;
    lines(box, 'sweep', o.name, [t.sweep, t.chain0, t.chain1],
      [series('chain 0', colour(side)), series('chain 1', colour('soft'), { width: 1 })],
      traceRange(o));
  }

  function canvas(box, width, height, label) {
    const el = document.createElement('canvas'), scale = window.devicePixelRatio || 1;
    el.width = width * scale;
    el.height = height * scale;
    el.style.width = width + 'px';
    el.style.height = height + 'px';
    el.setAttribute('role', 'img');
    el.setAttribute('aria-label', label);
    box.appendChild(el);
    const g = el.getContext('2d');
    g.scale(scale, scale);
    return g;
  }

  function legend(box, entries) {
    const p = document.createElement('div');
    p.className = 'scatter-legend';
    for (const [mark, text, hue] of entries) {
      const s = document.createElement('span');
      s.style.color = hue;
      s.textContent = mark;
      p.append(s, text);
    }
    box.appendChild(p);
  }

  /* Moments lie in [-1, 1]; the frame is the smallest symmetric one that holds them. */
  function scatter(box, m, label) {
    if (!m.device || !some(m.device)) return empty(box);
    const size = Math.min(box.clientWidth, 380), pad = 56, span = size - pad - 8;
    const values = m.device.concat(m.reference, m.exact || []).filter((v) => v !== null);
    const limit = Math.min(1, values.reduce((a, v) => Math.max(a, Math.abs(v)), 0) * 1.08) || 1;
    const g = canvas(box, size, size, label);
    const x = (v) => pad + span * (v + limit) / (2 * limit);
    const y = (v) => 8 + span * (limit - v) / (2 * limit);
    g.font = '12px system-ui';
    g.strokeStyle = colour('rule');
    g.fillStyle = colour('ink');
    for (const v of [-limit, 0, limit]) {
      g.strokeRect(x(v), y(limit), 0, span);
      g.strokeRect(x(-limit), y(v), span, 0);
      g.textAlign = v < 0 ? 'left' : v > 0 ? 'right' : 'center';
      g.fillText(v.toFixed(2), x(v), size - 22);
      g.textAlign = 'right';
      g.fillText(v.toFixed(2), pad - 5, y(v) + (v > 0 ? 9 : 4));
    }
    g.textAlign = 'center';
    g.fillText('reference' + (m.exact ? ' or exact' : ''), x(0), size - 6);
    g.save();
    g.translate(11, y(0));
    g.rotate(-Math.PI / 2);
    g.fillText('hardware', 0, 0);
    g.restore();
    g.setLineDash([6, 4]);
    g.strokeStyle = colour('soft');
    g.beginPath();
    g.moveTo(x(-limit), y(-limit));
    g.lineTo(x(limit), y(limit));
    g.stroke();
    g.setLineDash([]);
    const many = m.n > 500;
    g.globalAlpha = many ? 0.35 : 1;
    g.strokeStyle = colour('exact');
    (m.exact || []).forEach((e, i) => {
      if (e === null || m.device[i] === null) return;
      g.strokeRect(x(e) - 3, y(m.device[i]), 6, 0);
      g.strokeRect(x(e), y(m.device[i]) - 3, 0, 6);
    });
    g.fillStyle = colour('device');
    g.globalAlpha = many ? 0.35 : 0.75;
    m.device.forEach((v, i) => {
      if (v === null || m.reference[i] === null) return;
      g.beginPath();
      g.arc(x(m.reference[i]), y(v), many ? 2 : 3.5, 0, 7);
      g.fill();
    });
    g.globalAlpha = 1;
    legend(box, [['\u25cf', 'hardware against reference', colour('device')]].concat(
      m.exact ? [['+', 'hardware against exact', colour('exact')]] : []));
  }

  function images(box, c, side) {
    const rows = c.sizes.image_rows, cols = c.sizes.image_cols, list = c.images[side];
    const across = Math.min(list.length, 8), down = Math.ceil(list.length / across);
    const pixel = Math.max(1, Math.floor((box.clientWidth / across - 4) / cols));
    const w = cols * pixel + 4, h = rows * pixel + 4;
    const g = canvas(box, across * w, down * h, list.length + ' sampled images, ' + side);
    list.forEach((image, n) => {
      const left = (n % across) * w, top = Math.floor(n / across) * h;
      g.fillStyle = colour('paper');
      g.fillRect(left, top, cols * pixel, rows * pixel);
      g.fillStyle = colour(side);
      for (let k = 0; k < rows * cols; k++)
        if (image[k] === '#')
          g.fillRect(left + (k % cols) * pixel, top + Math.floor(k / cols) * pixel, pixel, pixel);
    });
    box.style.minHeight = '0';
  }

  const plots = {
    'trace-device': (box, c, o) => trace(box, c, o, 'device'),
    'trace-reference': (box, c, o) => trace(box, c, o, 'reference'),
    first: (box, c) => scatter(box, c.moments.first, 'First moments, hardware against reference'),
    second: (box, c) => scatter(box, c.moments.second, 'Second moments, hardware against reference'),
    'images-device': (box, c) => images(box, c, 'device'),
    'images-reference': (box, c) => images(box, c, 'reference'),
  };

  function draw(box) {
    const i = Number(box.dataset.case), c = cases[i];
    box.textContent = '';
    plots[box.dataset.plot](box, c, c.observables[chosen[i]]);
  }

  const drawAll = () => document.querySelectorAll('.plot').forEach(draw);

  document.querySelectorAll('select[data-case]').forEach((menu) => {
    menu.addEventListener('change', () => {
      chosen[Number(menu.dataset.case)] = Number(menu.value);
      document.querySelectorAll('.plot[data-case="' + menu.dataset.case + '"]').forEach(draw);
    });
  });
  let width = window.innerWidth, timer = 0;
  window.addEventListener('resize', () => {
    if (window.innerWidth === width) return; /* a phone's address bar only changes the height */
    width = window.innerWidth;
    clearTimeout(timer);
    timer = setTimeout(drawAll, 150);
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
  window.addEventListener('beforeprint', () => { root.classList.add('print'); drawAll(); });
  window.addEventListener('afterprint', () => { root.classList.remove('print'); drawAll(); });
  drawAll();
})();
