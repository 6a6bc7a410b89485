// The page "my town": what the results say for a population that the reader types.
// The computations are those of adoption/my_town.py, on the data that a cell of the page writes.
"use strict";
(() => {
  // log2 of the size, softmax over the stages (the last is the reference), first stage; its
  // interval is normal on the logit scale.
  const share = ({ params, covariance }, population, { floor, z }) => {
    const cuts = params.length / 2;
    const size = Math.log2(Math.max(population, floor));
    const eta = [...Array(cuts).keys()].map((k) => params[k] + size * params[cuts + k]);
    const highest = Math.max(0, ...eta);
    const weights = [...eta, 0].map((value) => Math.exp(value - highest));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const p = weights.map((weight) => weight / total);
    const slope = [...Array(cuts).keys()].map((k) => (k === 0 ? 1 : 0) - p[k]);
    // The logit of p[0] changes by (derivative of p[0]) / (p[0] (1 - p[0])).
    const gradient = [...slope, ...slope.map((value) => value * size)]
      .map((value) => value / (1 - p[0]));
    let variance = 0;
    gradient.forEach((a, i) => gradient.forEach((b, j) => { variance += a * covariance[i][j] * b; }));
    const rest = p.slice(1).reduce((sum, value) => sum + value, 0);
    const logit = Math.log(p[0]) - Math.log(rest);
    const reach = z * Math.sqrt(variance);
    const expit = (value) => 1 / (1 + Math.exp(-value));
    return [p[0], expit(logit - reach), expit(logit + reach)];
  };

  const answer = (data, population) => {
    let larger = 0;
    let beside = 0;
    data.counts.forEach((bodies, i) => {
      if (data.lower[i] > population) larger += bodies;
      else if (population < data.upper[i] - 1) beside = Math.max(bodies - 1, 0);
    });
    const at = data.limits.filter((limit) => limit <= population).length;
    const found = { rank: [larger + 1, larger + 1 + beside], size_class: data.classes[at] };
    for (const [key, known] of Object.entries(data.technologies)) {
      const { median } = known;
      const side = population > median ? "above" : population < median ? "below" : "at";
      found[key] = {
        median, side, rate: side === "at" ? null : known[side],
        free: known.free[at], monotone: known.monotone[at],
        curve_2020: share(known.curves[2020], population, data),
        class_2023: known.class_2023[at],
        curve_2023: share(known.curves[2023], population, data),
        missing: Math.max(median - population, 0),
        together: population ? Math.ceil(median / population) : null,
      };
    }
    return found;
  };

  const people = (number) => number.toLocaleString("en");

  const say = (sentence, places = {}) => sentence.replace(/\{(\w+)\}/g, (_, name) => places[name]);

  // A population as people type it, also in full-width digits, or a name that has one: {population}
  // or {problem}. `named`: populations by name.
  const parse = (typed, largest, sentences, named = []) => {
    // 2万4,622 and 3.5万 are so many ten thousands.
    const text = typed.normalize("NFKC").trim().replaceAll("、", ",").replace(/\s*(人|people)$/i, "")
      .replace(/^(\d+(?:\.\d+)?)万(\d?,?\d{0,3})$/, (_, tens, rest) =>
        `${Math.round(1e4 * tens) + Number(rest.replace(",", ""))}`);
    if (text === "") return { problem: sentences.empty };
    if (/^[-−–]\s*\d/.test(text)) return { problem: sentences.negative };
    if (/^\d{1,3}(,\d{3})*\.\d+$|^\d+\.\d+$/.test(text)) return { problem: sentences.decimals };
    if (!/^\d+$|^\d{1,3}([, ]\d{3})+$/.test(text)) {
      const found = named.filter(([name]) => name.toLowerCase().split(/[\s()]+/).join(" ")
        .includes(text.toLowerCase()));
      if (found.length === 1) return { population: found[0][1] };
      return { problem: say(sentences.unknown, { typed: typed.trim().slice(0, 40) }) };
    }
    const population = Number(text.replace(/\D/g, ""));
    if (population > largest) return { problem: say(sentences.too_large, { largest: people(largest) }) };
    return { population };
  };

  const percent = (fraction) => `${(100 * fraction).toFixed(0)}%`;
  const band = ([share, low, high]) => ({ share: percent(share), low: percent(low), high: percent(high) });

  const element = (name, ...content) => {
    const made = document.createElement(name);
    made.append(...content);
    return made;
  };

  const list = (items) => element("ul", ...items.map((item) => element("li", item)));

  // The answer in one sentence: how the size compares with the adopters of 2020, and 2023.
  const inShort = (found, population, { sentences }) => {
    const { ai, rpa } = found;
    const compared = { below: "smaller", above: "larger", at: "as_large" };
    return say(sentences[ai.side === rpa.side ? compared[ai.side] : "as_large"], {
      population: people(population), size_class: found.size_class,
      ai_median: people(ai.median), rpa_median: people(rpa.median),
      ai: percent(ai.class_2023), rpa: percent(rpa.class_2023),
    });
  };

  const sentences = (name, town, found, population, { floor, sentences: known }) => {
    // Ends of a range as percentages, rounded outward, with ten significant digits as in Python.
    const outward = ([low, high]) => {
      const scaled = (end) => Number((100 * end).toPrecision(10));
      return say(known.range, { low: Math.floor(scaled(low)), high: Math.ceil(scaled(high)) });
    };
    const { size_class } = found;
    const reach = town.missing === 0 ? "enough" : town.together ? "together" : "nobody";
    return list([
      say(known[town.side], { t: name, median: people(town.median), rate: town.rate && outward(town.rate) }),
      say(known.possible, { size_class, free: outward(town.free), monotone: outward(town.monotone) }),
      say(population < floor ? known.estimated_small : known.estimated, { ...band(town.curve_2020), floor }),
      say(known.later, { size_class, counted: percent(town.class_2023), ...band(town.curve_2023) }),
      say(known[reach], { together: town.together, others: town.together - 1, missing: people(town.missing) }),
    ]);
  };

  const show = (data, population, target) => {
    const found = answer(data, population);
    const [first, last] = found.rank;
    const place = { first: people(first), last: people(last), bodies: people(data.bodies) };
    target.replaceChildren(
      element("p", element("strong", inShort(found, population, data))),
      element("p", say(data.sentences[first === last ? "rank" : "ranks"], place)),
      ...Object.entries(data.technologies).flatMap(([key, { name }]) => [
        element("p", element("strong", name)),
        sentences(name, found[key], found, population, data)]));
    target.hidden = false;
  };

  globalThis.myTown = { answer, parse };
  const form = document.getElementById("my-town");
  if (!form) return;
  const data = JSON.parse(document.getElementById("town-data").textContent);
  const input = document.getElementById("town-population");
  const example = document.getElementById("town-example");
  const problem = document.getElementById("town-problem");
  const target = document.getElementById("town-answer");
  const named = [...example.options].slice(1).map((option) => [option.label, Number(option.value)]);
  form.hidden = false;

  const respond = (typed) => {
    const found = parse(typed, data.largest, data.sentences, named);
    problem.textContent = found.problem ?? "";
    input.removeAttribute("aria-invalid");
    if (found.problem) {
      input.setAttribute("aria-invalid", "true");
      target.hidden = true;
      return;
    }
    show(data, found.population, target);
    const address = new URL(location.href);
    address.searchParams.set("population", found.population);
    // Pages opened as files may not change their address.
    try { history.replaceState(null, "", address); } catch { /* the answer stands anyway */ }
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    respond(input.value);
  });
  example.addEventListener("change", () => {
    if (!example.value) return;
    input.value = example.value;
    respond(input.value);
  });
  const asked = new URL(location.href).searchParams.get("population");
  if (asked !== null) {
    input.value = asked;
    respond(asked);
  }
})();
