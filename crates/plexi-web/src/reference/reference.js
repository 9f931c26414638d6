"use strict";

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

function resolve(root, schema) {
  if (!schema || !schema.$ref) return schema || {};
  return schema.$ref.slice(2).split("/").reduce((at, key) => at[key], root);
}

function nameOf(root, schema) {
  if (!schema) return "";
  if (schema.$ref) return schema.$ref.split("/").pop();
  const choices = schema.enum || (schema.oneOf || []).map((one) => one.const).filter(Boolean);
  if (choices.length) return choices.map((choice) => JSON.stringify(choice)).join(" | ");
  if (schema.anyOf) return schema.anyOf.map((one) => nameOf(root, one)).join(" | ");
  const kind = [].concat(schema.type || "any").join(" | ");
  if (schema.items) return nameOf(root, schema.items) + "[]";
  return schema.format ? kind + " (" + schema.format + ")" : kind;
}

function bounds(schema) {
  const words = [];
  const range = (least, most, unit) => {
    if (least !== undefined && most !== undefined) words.push(least + " to " + most + unit);
    else if (least !== undefined) words.push("at least " + least + unit);
    else if (most !== undefined) words.push("at most " + most + unit);
  };
  range(schema.minLength, schema.maxLength, " characters");
  range(schema.minItems, schema.maxItems, " entries");
  range(schema.minimum, schema.maximum, "");
  if (schema.pattern) words.push("matches " + schema.pattern);
  if (schema.default !== undefined) words.push("default " + JSON.stringify(schema.default));
  return words.join(", ");
}

function fields(root, rows) {
  const body = element("tbody");
  for (const row of rows) {
    body.append(element("tr", {},
      element("td", {}, element("code", {}, row.name), row.required ? "" : " (optional)"),
      element("td", {}, nameOf(root, row.schema)),
      element("td", {}, [row.schema.description || row.description || "", bounds(row.schema)].filter(Boolean).join(" · "))));
  }
  const head = element("tr", {}, ...["Name", "Type", "Meaning"].map((text) => element("th", { scope: "col" }, text)));
  return element("table", {}, element("thead", {}, head), body);
}

function objectRows(schema) {
  const required = schema.required || [];
  return Object.entries(schema.properties || {})
    .map(([name, property]) => ({ name, schema: property, required: required.includes(name) }));
}

function describe(root, operation) {
  const inside = element("div", { class: "body" }, element("p", {}, operation.description || ""));
  const parameters = (operation.parameters || [])
    .map((one) => ({ name: one.name, schema: one.schema, required: one.required, description: one.description || "in the " + one.in }));
  if (parameters.length) inside.append(element("h3", {}, "Parameters"), fields(root, parameters));
  const content = operation.requestBody && operation.requestBody.content["application/json"];
  if (content) inside.append(element("h3", {}, "Body"), fields(root, objectRows(resolve(root, content.schema))));
  for (const [status, response] of Object.entries(operation.responses)) {
    if (response.$ref) continue;
    const answer = response.content && Object.values(response.content)[0].schema;
    inside.append(element("h3", {}, status + " " + response.description));
    if (!answer) continue;
    const rows = objectRows(resolve(root, answer));
    inside.append(rows.length ? fields(root, rows) : element("p", {}, nameOf(root, answer)));
  }
  const refused = Object.keys(operation.responses).filter((status) => operation.responses[status].$ref);
  inside.append(element("h3", {}, "Errors"), element("p", {}, refused.join(", ") + ", all with the same body."));
  return inside;
}

function show(root) {
  const groups = new Map();
  for (const [path, methods] of Object.entries(root.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const tag = operation.tags[0];
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push({ path, method: method.toUpperCase(), operation });
    }
  }
  const nav = document.getElementById("groups");
  const main = document.getElementById("operations");
  for (const [tag, list] of [...groups].sort()) {
    nav.append(element("a", { href: "#" + tag }, tag));
    const section = element("section", {}, element("h2", { id: tag }, tag));
    for (const { path, method, operation } of list) {
      const details = element("details", { id: operation.operationId },
        element("summary", {},
          element("span", { class: "method" }, method),
          element("span", { class: "path" }, path),
          element("span", { class: "about" }, operation.summary)));
      details.dataset.text = (method + " " + path + " " + operation.summary + " " + tag).toLowerCase();
      details.addEventListener("toggle", () => {
        if (details.open && details.children.length === 1) details.append(describe(root, operation));
      });
      section.append(details);
    }
    main.append(section);
  }
  const wanted = document.getElementById(location.hash.slice(1));
  if (wanted) { wanted.open = true; wanted.scrollIntoView(); }
}

function filter(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  for (const section of document.querySelectorAll("section")) {
    let any = false;
    for (const details of section.querySelectorAll("details")) {
      const hit = words.every((word) => details.dataset.text.includes(word));
      details.hidden = !hit;
      any = any || hit;
    }
    section.hidden = !any;
  }
}

fetch("/api/v1/openapi.json").then((answer) => {
  if (!answer.ok) throw new Error("status " + answer.status);
  return answer.json();
}).then((root) => {
  const about = document.getElementById("about");
  about.replaceChildren(root.info.description + " ", element("a", { href: "/api/v1/openapi.json" }, "openapi.json"));
  show(root);
  document.getElementById("filter").addEventListener("input", (event) => filter(event.target.value));
}).catch((error) => {
  document.getElementById("about").textContent = "The document could not be read: " + error.message;
});
