"use strict";

/** A reader of this server's own openapi.json; it shows what is there and sends requests. */

let structures = {};

const nameOfReference = (reference) => reference.split("/").pop();
const resolved = (schema) => (schema.$ref ? structures[nameOfReference(schema.$ref)] : schema);
const choices = (schema) => schema.oneOf || schema.anyOf;

/** What a value must be, as text and links to structures. */
function typeOf(schema) {
  if (schema.$ref) {
    const name = nameOfReference(schema.$ref);
    return [element("a", { href: `#structure-${name}`, text: name })];
  }
  if (schema.const !== undefined) return [JSON.stringify(schema.const)];
  if (schema.enum) return [schema.enum.map((value) => JSON.stringify(value)).join(" | ")];
  if (choices(schema)) {
    return choices(schema).flatMap((choice, place) => [...(place ? [" or "] : []), ...typeOf(choice)]);
  }
  if (schema.type === "array") return ["list of ", ...typeOf(schema.items || {})];
  if (schema.additionalProperties) return ["by name: ", ...typeOf(schema.additionalProperties)];
  return [[schema.type].flat().join(" or ") || "anything"];
}

/** From what on and up to what, in words; nothing without either. */
function rangeOf(low, high, what) {
  const words = [low, high].map((value) => (value ?? "") === "" ? "" : value.toLocaleString("en"));
  if (!words[0] && !words[1]) return [];
  if (!words[1]) return [`${words[0]} ${what} or more`];
  return [words[0] ? `${words[0]} to ${words[1]} ${what}` : `up to ${words[1]} ${what}`];
}

function limitsOf(schema) {
  return [
    ...rangeOf(schema.minimum, schema.maximum, ""),
    ...rangeOf(schema.minLength, schema.maxLength, "characters"),
    ...rangeOf(schema.minItems, schema.maxItems, "of them"),
    ...(schema.pattern ? ["on one line"] : []),
    ...(schema.default === undefined || schema.default === null ? [] : [`${JSON.stringify(schema.default)} unless given`]),
  ].map((words) => words.replaceAll("  ", " ").trim()).join(", ");
}

/** Text of the description: what stands between backticks is code. */
function prose(text, tag = "p") {
  const parts = text.split("`").map((part, place) => (place % 2 ? element("code", { text: part }) : part));
  return element(tag, {}, parts);
}

/** A value as the description's own examples have it, or the simplest that fits. */
function sample(schema) {
  if (schema.examples?.length) return schema.examples[0];
  if (schema.$ref) return sample(resolved(schema));
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  if (choices(schema)) return sample(choices(schema).find((choice) => choice.type !== "null") || {});
  if (schema.properties) {
    const needed = (schema.required || []).map((name) => [name, sample(schema.properties[name])]);
    return Object.fromEntries(needed);
  }
  if (schema.type === "array") return [sample(schema.items || {})];
  if (schema.type === "integer" || schema.type === "number") return schema.minimum ?? 1;
  if (schema.type === "boolean") return true;
  return schema.type === "null" ? null : "text";
}

function field(name, schema, { needed = false, where = "", about = schema.description, input = null } = {}) {
  const title = element("span", { className: "name" }, [element("code", { text: name })]);
  if (needed) title.append(element("span", { className: "needed", text: " *", title: "needed" }));
  const rest = element("div", {}, [
    element("div", { className: "small" }, [
      ...(where ? [`${where}: `] : []), ...typeOf(schema), limitsOf(schema) ? `; ${limitsOf(schema)}` : "",
    ]),
  ]);
  if (about) rest.append(prose(about, "div"));
  if (input) rest.append(input);
  return element("li", {}, [title, rest]);
}

function fieldsOf(schema) {
  const of = resolved(schema);
  return element("ul", { className: "fields" }, Object.entries(of.properties || {}).map(([name, part]) =>
    field(name, part, { needed: (of.required || []).includes(name) })));
}

/** The parameters with an input each, and a function that makes the path of what is typed in. */
function parametersOf(path, operation) {
  const inputs = (operation.parameters || []).map((parameter) => {
    const example = Object.values(parameter.examples || {})[0]?.value;
    const shown = example === undefined ? "" : String(example);
    const input = element("input", { "aria-label": parameter.name, autocomplete: "off", placeholder: parameter.required ? "" : shown });
    if (parameter.required) input.value = shown;
    return [parameter, input];
  });
  const list = element("ul", { className: "fields" }, inputs.map(([parameter, input]) =>
    field(parameter.name, parameter.schema, { needed: parameter.required, where: parameter.in, about: parameter.description, input })));
  const address = () => {
    const query = new URLSearchParams();
    let filled = path;
    for (const [parameter, input] of inputs) {
      if (parameter.in === "path") filled = filled.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
      else if (input.value) query.append(parameter.name, input.value);
    }
    return query.size ? `${filled}?${query}` : filled;
  };
  return { list, address, count: inputs.length };
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function curlOf(method, address, body) {
  const more = method === "get" ? "" : ` -H 'content-type: application/json' -d ${quoted(body)}`;
  return `curl ${quoted(location.origin + address)}${more}`;
}

async function send(method, address, body, shown) {
  const headers = { Accept: "application/json" };
  if (byId("key").value) headers["X-API-Key"] = byId("key").value;
  if (method !== "get") headers["Content-Type"] = "application/json";
  shown.replaceChildren(element("p", { className: "small", text: "Asking …" }));
  const started = performance.now();
  try {
    const response = await fetch(address, { method: method.toUpperCase(), headers, body: method === "get" ? undefined : body });
    const text = await response.text();
    const took = Math.round(performance.now() - started);
    let pretty = text;
    try { pretty = JSON.stringify(JSON.parse(text), null, 2); } catch { /* It is no JSON, and shown as it is. */ }
    shown.replaceChildren(
      element("p", { className: "small", text: `${response.status} ${response.statusText}, ${took} ms` }),
      element("pre", { text: pretty, tabindex: "0" }),
      element("pre", { text: curlOf(method, address, body), tabindex: "0" }),
    );
  } catch (error) {
    shown.replaceChildren(element("p", { text: `That did not work: ${error.message}` }));
  }
}

function answersOf(operation) {
  return element("ul", { className: "fields" }, Object.entries(operation.responses).map(([status, response]) => {
    const content = Object.values(response.content || {})[0];
    return element("li", {}, [
      element("code", { text: status }),
      element("div", {}, [response.description, ...(content?.schema ? [": ", ...typeOf(content.schema)] : [])]),
    ]);
  }));
}

function inside(path, method, operation) {
  const parts = [prose(operation.description)];
  const parameters = parametersOf(path, operation);
  if (parameters.count) parts.push(element("h3", { text: "Parameters" }), parameters.list);
  const body = operation.requestBody?.content?.["application/json"]?.schema;
  const text = element("textarea", { "aria-label": "Body", spellcheck: "false" });
  if (body) {
    text.value = JSON.stringify(sample(body), null, 2);
    parts.push(element("h3", { text: "Body" }), fieldsOf(body), text);
  }
  const shown = element("div", { className: "answer", role: "status" });
  const button = element("button", { type: "button", className: "send", text: "Send" });
  button.addEventListener("click", () => send(method, parameters.address(), text.value, shown));
  parts.push(button, shown, element("h3", { text: "Answers" }), answersOf(operation));
  return element("div", { className: "inside" }, parts);
}

/** One route; what is inside is made when it is opened first. */
function route(path, method, operation) {
  const opened = element("details", { className: "route", id: operation.operationId }, [
    element("summary", {}, [
      element("span", { className: `method ${method}`, text: method.toUpperCase() }),
      element("code", { text: path }),
      element("span", { className: "small", text: operation.summary }),
    ]),
  ]);
  opened.addEventListener("toggle", () => {
    if (opened.open && opened.children.length === 1) opened.append(inside(path, method, operation));
  });
  return opened;
}

async function begin() {
  let description;
  try {
    const response = await fetch("/schema/openapi.json");
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    description = await response.json();
  } catch (error) {
    byId("about").textContent = `The description can't be read: ${error.message}`;
    return;
  }
  structures = description.components?.schemas || {};
  byId("about").textContent = `${description.info.title} ${description.info.version}: ${description.info.description}`;
  const byTag = new Map();
  for (const [path, methods] of Object.entries(description.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const tag = operation.tags?.[0] || "other";
      byTag.set(tag, [...(byTag.get(tag) || []), route(path, method, operation)]);
    }
  }
  byId("routes").replaceChildren(...[...byTag].map(([tag, routes]) =>
    element("section", { "aria-label": tag }, [element("h2", { text: tag }), ...routes])));
  byId("structure-list").replaceChildren(...Object.entries(structures).map(([name, schema]) =>
    element("article", { className: "structure", id: `structure-${name}` }, [
      element("h3", { text: name }), element("p", { className: "small", text: schema.description || "" }), fieldsOf(schema),
    ])));
  const asked = location.hash.slice(1) && byId(location.hash.slice(1));
  if (asked) {
    if (asked.tagName === "DETAILS") asked.open = true;
    asked.scrollIntoView();
  }
}
byId("keys").addEventListener("submit", (event) => event.preventDefault());
begin();
