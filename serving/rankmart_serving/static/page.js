"use strict";

async function ask(path) {
  const response = await fetch(path, { headers: { Accept: "application/json" } });
  const body = await response.json();
  if (!response.ok) throw new Error(body.detail || `the server answered ${response.status}`);
  return body;
}

const nameOf = (item) => item.title || item.product_id;
const ofUser = (userId) => `/v1/users/${encodeURIComponent(userId)}`;
const figure = (value) => (Math.abs(value) < 0.0001 && value ? value.toExponential(1) : value.toFixed(4));

const KINDS = {
  review: "reviewed", view: "viewed", click: "clicked", cart: "in the cart",
  purchase: "bought", rating: "rated", dismiss: "dismissed",
};

function reasonInWords(reason) {
  if (!reason) return "";
  if (reason.type === "because_of") return `because of ${reason.title || reason.product_id}`;
  if (reason.type === "content") return reason.terms ? `described alike: ${reason.terms}` : "described alike";
  if (reason.type === "trending") return "trending now";
  if (reason.type === "popular") return "popular with everyone";
  if (reason.type === "tag_trending") return "trending among the brands and categories you know";
  if (reason.type === "similar_users") return "reviewed by users with a similar history";
  if (reason.type === "rule") return "set by the shop";
  return `proposed by ${reason.type}`;
}

/** Bars from zero, to the right above it and to the left below, with intervals where given. */
function bars(rows) {
  const low = Math.min(0, ...rows.map((row) => row.low ?? row.value));
  const high = Math.max(0, ...rows.map((row) => row.high ?? row.value));
  const span = high - low || 1;
  const share = (value) => `${((100 * value) / span).toFixed(2)}%`;
  const chart = element("div", { className: "bars", role: "list" });
  for (const row of rows) {
    const bar = element("div", { className: `bar ${row.value < 0 ? "minus" : row.kind || ""}` });
    bar.style.left = share(Math.min(0, row.value) - low);
    bar.style.width = share(Math.abs(row.value));
    const track = element("div", { className: "track" }, [bar]);
    if (row.low !== undefined && row.low !== null) {
      const whisker = element("div", { className: "whisker" });
      whisker.style.left = share(row.low - low);
      whisker.style.width = share(row.high - row.low);
      track.append(whisker);
    }
    const spoken = element("div", { role: "listitem", "aria-label": `${row.name}: ${figure(row.value)}` });
    spoken.style.display = "contents";
    spoken.append(
      element("span", { className: "name", text: row.name }), track,
      element("span", { className: "number", text: figure(row.value) }),
    );
    chart.append(spoken);
  }
  return chart;
}

let asked = 0;

async function showUser(userId) {
  const turn = ++asked;
  byId("message").textContent = "Looking …";
  try {
    const [list, history] = await Promise.all([
      ask(`${ofUser(userId)}/recommendations?exposure=false`), ask(`${ofUser(userId)}/history`),
    ]);
    if (turn !== asked) return;
    const notes = [];
    if (!list.known_user) notes.push("Nobody knows this user yet.");
    if (list.fallback) notes.push("There is no list of their own: these are the popular products.");
    if (list.follows !== "run") notes.push("The list follows what the user did since the run.");
    if (list.experiment) notes.push(`In the experiment ${list.experiment} they get the variant ${list.variant}.`);
    byId("message").textContent = notes.join(" ");
    byId("list").replaceChildren(...list.items.map((item) => card(userId, item, list.model)));
    byId("history").replaceChildren(...history.items.map(past));
    byId("why").hidden = true;
    byId("answer").hidden = false;
  } catch (error) {
    if (turn !== asked) return;
    byId("answer").hidden = true;
    byId("message").textContent = `That did not work: ${error.message}`;
  }
}

function card(userId, item, model) {
  const button = element("button", { type: "button", "aria-pressed": "false" }, [
    element("span", { className: "rank", text: String(item.rank) }),
    element("span", { className: "title", text: nameOf(item) }),
    element("span", { className: "small", text: item.source.replaceAll("_", " ") }),
    element("span", { className: "small reason", text: reasonInWords(item.reason) }),
  ]);
  button.addEventListener("click", () => showWhy(userId, item, model, button));
  return element("li", {}, [button]);
}

function past(item) {
  const stars = item.rating === null ? "" : `, ${item.rating} of 5`;
  return element("li", {}, [
    element("span", { text: nameOf(item) }),
    element("div", { className: "small", text: `${KINDS[item.kind] || item.kind} on ${item.at.slice(0, 10)}${stars}` }),
  ]);
}

async function showWhy(userId, item, model, button) {
  for (const other of byId("list").querySelectorAll("button")) {
    other.setAttribute("aria-pressed", String(other === button));
  }
  byId("why").hidden = false;
  byId("why-product").textContent = nameOf(item);
  byId("why-chart").textContent = "Taking the score apart …";
  byId("similar").replaceChildren();
  const product = encodeURIComponent(item.product_id);
  const parts = model === "ranker"
    ? ask(`${ofUser(userId)}/recommendations/${product}/explanation`)
    : Promise.reject(new Error("a generator made the list"));
  const explained = parts.then(
    (found) => {
      const shown = found.parts.slice(0, 8);
      const others = found.parts.slice(8).reduce((sum, part) => sum + part.adds, 0);
      const chart = bars([
        ...shown.map((part) => ({ name: part.feature.replaceAll("_", " "), value: part.adds })),
        { name: `${found.parts.length - shown.length} others`, value: others, kind: "other" },
      ]);
      // As a bar it would be so long that the others could not be told apart.
      const start = `Every score starts at ${found.bias.toFixed(2)}; with these it is ${found.score.toFixed(2)}.`;
      return element("div", {}, [chart, element("p", { className: "small", text: start })]);
    },
    () => element("p", { className: "small", text: "Its place is not of the ranker, so no feature has a part in it." }),
  );
  const similar = ask(`/v1/products/${product}/similar?k=8`).then(
    (found) => found.products.map((near) => element("li", { text: nameOf(near) })),
    () => [],
  );
  const [chart, near] = await Promise.all([explained, similar]);
  if (button.getAttribute("aria-pressed") !== "true") return;
  byId("why-chart").replaceChildren(chart);
  byId("similar").replaceChildren(...(near.length ? near : [element("li", { className: "small", text: "none known" })]));
  // On a phone it stands below the list, and beside a long one at its top.
  byId("why").scrollIntoView({ block: "nearest" });
}

async function showCharts(category) {
  const filter = category ? `&category=${encodeURIComponent(category)}` : "";
  for (const name of ["trending", "popular"]) {
    try {
      const found = await ask(`/v1/products/${name}?k=10${filter}`);
      byId(name).replaceChildren(...found.products.map((product) => element("li", {}, [
        element("span", { text: nameOf(product) }),
        element("div", { className: "small", text: [product.brand, `${product.review_count} reviews`].filter(Boolean).join(", ") }),
      ])));
      if (!found.products.length) byId(name).replaceChildren(element("li", { text: "nothing in this category" }));
    } catch (error) {
      byId(name).replaceChildren(element("li", { text: error.message }));
    }
  }
}

async function showRun() {
  try {
    const { run, evaluation } = await ask("/v1/runs/current");
    byId("run").textContent = `Run ${run.run_id}: ${run.users.toLocaleString("en")} users, ${run.products.toLocaleString("en")} products, model ${run.model}`;
    const rows = evaluation.filter((row) => row.metric === "ndcg" && row.k === 10).map((row) => ({
      name: row.model.replaceAll("_", " "), value: row.value, low: row.ci_low, high: row.ci_high,
      kind: row.model === run.model ? "" : "other",
    }));
    const users = evaluation.find((row) => row.metric === "ndcg")?.users ?? 0;
    byId("evaluation-about").textContent = `NDCG@10 of the published model and of every generator alone, on ${users.toLocaleString("en")} test users (${run.protocol.replaceAll("_", " ")}), over the whole catalogue. Lines are 95 % confidence intervals.`;
    byId("evaluation-chart").replaceChildren(bars(rows));
  } catch (error) {
    byId("run").textContent = error.message;
  }
}

let typing;
byId("user").addEventListener("input", (event) => {
  clearTimeout(typing);
  typing = setTimeout(async () => {
    const prefix = encodeURIComponent(event.target.value);
    const found = await ask(`/v1/users?k=10&prefix=${prefix}`).catch(() => ({ user_ids: [] }));
    byId("users").replaceChildren(...found.user_ids.map((id) => element("option", { value: id })));
  }, 150);
});
byId("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const userId = byId("user").value;
  history.replaceState(null, "", `?user=${encodeURIComponent(userId)}`);
  showUser(userId);
});
byId("chart-form").addEventListener("submit", (event) => {
  event.preventDefault();
  showCharts(byId("category").value.trim());
});

async function begin() {
  showRun();
  showCharts("");
  let userId = new URLSearchParams(location.search).get("user");
  if (!userId) {
    const found = await ask("/v1/users?k=10").catch(() => ({ user_ids: [] }));
    byId("users").replaceChildren(...found.user_ids.map((id) => element("option", { value: id })));
    [userId] = found.user_ids;
  }
  if (userId) {
    byId("user").value = userId;
    showUser(userId);
  }
}
begin();
