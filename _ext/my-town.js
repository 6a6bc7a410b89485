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

  // A population as people type it, also in full-width digits, or a name that has one: {population}
  // or {problem}. `named`: populations by name.
  const parse = (typed, largest, named = []) => {
    const text = typed.normalize("NFKC").trim().replaceAll("、", ",").replace(/\s*(人|people)$/i, "");
    if (text === "") return { problem: "Please type a population." };
    if (/^[-−–]\s*\d/.test(text)) return { problem: "A population cannot be negative." };
    if (/^\d{1,3}(,\d{3})*\.\d+$|^\d+\.\d+$/.test(text)) {
      return { problem: "Please type a whole number, without decimals; thousands may be "
        + "separated by commas." };
    }
    if (!/^\d+$|^\d{1,3}([, ]\d{3})+$/.test(text)) {
      const found = named.filter(([name]) => name.toLowerCase().split(/[\s()]+/).join(" ")
        .includes(text.toLowerCase()));
      if (found.length === 1) return { population: found[0][1] };
      return { problem: `“${typed.trim().slice(0, 40)}” is not a number of people, and not the name of one `
        + "municipality of the deck. Please type digits, such as 24622 or 24,622." };
    }
    const population = Number(text.replace(/\D/g, ""));
    if (population > largest) {
      return { problem: `No municipality had more than about ${people(largest)} people in 2015. `
        + "Please type a smaller number." };
    }
    return { population };
  };

  // Ends of a range as percentages, rounded outward, with ten significant digits as in Python.
  const outward = ([low, high]) => {
    const scaled = (end) => Number((100 * end).toPrecision(10));
    return `${Math.floor(scaled(low))}% to ${Math.ceil(scaled(high))}%`;
  };
  const percent = (fraction) => `${(100 * fraction).toFixed(0)}%`;

  const element = (name, ...content) => {
    const made = document.createElement(name);
    made.append(...content);
    return made;
  };

  const list = (items) => element("ul", ...items.map((item) => element("li", item)));

  // The answer in one sentence: how the size compares with the adopters of 2020, and 2023.
  const inShort = (found, population, data) => {
    const { ai, rpa } = found;
    const size = `A municipality of ${people(population)} people`;
    const later = `at the end of 2023, ${percent(ai.class_2023)} of the municipalities of ${found.size_class} `
      + `had adopted AI and ${percent(rpa.class_2023)} RPA.`;
    const medians = `AI ${people(ai.median)}, RPA ${people(rpa.median)}`;
    if (ai.side === "below" && rpa.side === "below") {
      return `${size} is smaller than the median adopters of 2020 (${medians}); ${later}`;
    }
    if (ai.side === "above" && rpa.side === "above") {
      return `${size} is larger than the median adopters of 2020 (${medians}); ${later}`;
    }
    return `${size} is about as large as the median adopters of 2020 (${medians}); ${later}`;
  };

  const sentences = (name, town, found, population, data) => {
    const side = town.side === "at"
      ? `2020, certain: this is the very median population of the adopters of ${name}.`
      : `2020, certain: of all local governments ${town.side} the median adopter (${people(town.median)} people), `
        + `${outward(town.rate)} had introduced ${name}. That is the share of all these sizes together, not of this one.`;
    const class2020 = `2020, possible: of the municipalities of ${found.size_class}, ${outward(town.free)} had `
      + `introduced it. The published numbers allow no closer answer. If adoption nowhere falls with size, `
      + `it was ${outward(town.monotone)}.`;
    const band = ([at, low, high]) => `${percent(at)} (95% interval ${percent(low)} to ${percent(high)})`;
    const below = population < data.floor
      ? ` (the curves count fewer than ${data.floor} people as ${data.floor})` : "";
    const curves = `2020, estimated at this very size: ${band(town.curve_2020)}${below}.`;
    const later = `2023, counted: of the municipalities of ${found.size_class}, ${percent(town.class_2023)} had `
      + `adopted it; estimated at this very size: ${band(town.curve_2023)}.`;
    let reach = "A consortium: not needed to be as large as the median adopter of 2020.";
    if (town.missing > 0 && town.together) {
      reach = `A consortium: ${town.together} municipalities of this size, ${town.together - 1} more than one, `
        + `are together as large as the median adopter of 2020 (one lacks ${people(town.missing)} people).`;
    } else if (town.missing > 0) reach = "A consortium: nobody lives here, so that no number of such municipalities is enough.";
    return list([side, class2020, curves, later, reach]);
  };

  const show = (data, population, target) => {
    const found = answer(data, population);
    const [first, last] = found.rank;
    const place = first === last ? `rank ${people(first)}`
      : `between rank ${people(first)} and rank ${people(last)}`;
    target.replaceChildren(
      element("p", element("strong", inShort(found, population, data))),
      element("p", `By population it is ${place} of ${people(data.bodies)} municipalities, from the largest.`),
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
    const found = parse(typed, data.largest, named);
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
