// Renders /openapi/v1.json without any library: a list of operations by tag, each with its parameters, body and answers.
const make = (tag, text, ...children) => {
  const element = document.createElement(tag);
  if (text) element.textContent = text;
  element.append(...children);
  return element;
};

const nameOf = (schema, document) => {
  if (!schema) return "";
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.type === "array" || (Array.isArray(schema.type) && schema.type.includes("array"))) return `${nameOf(schema.items, document)}[]`;
  return [].concat(schema.type ?? "any").join(" or ");
};

const table = (heads, rows) => {
  const head = make("tr", "", ...heads.map((text) => make("th", text)));
  const body = rows.map((cells) => make("tr", "", ...cells.map((cell) => make("td", cell))));
  return make("table", "", make("thead", "", head), make("tbody", "", ...body));
};

const operation = (method, path, description, document) => {
  const name = make("span", method.toUpperCase());
  name.className = "method";
  const details = make("details", "", make("summary", "", name, make("code", path), ` ${description.summary ?? ""}`));
  if (description.description) details.append(make("p", description.description));
  if (description.parameters?.length) {
    details.append(make("h3", "Parameters"), table(["name", "in", "type"], description.parameters.map((it) => [it.name, it.in, nameOf(it.schema, document)])));
  }
  const body = Object.entries(description.requestBody?.content ?? {});
  if (body.length) details.append(make("h3", "Body"), table(["type", "schema"], body.map(([type, it]) => [type, nameOf(it.schema, document)])));
  const answers = Object.entries(description.responses ?? {}).map(([status, it]) => [status, it.description ?? "", Object.entries(it.content ?? {}).map(([type, c]) => `${type} ${nameOf(c.schema, document)}`).join(", ")]);
  details.append(make("h3", "Answers"), table(["status", "meaning", "body"], answers));
  return details;
};

const schema = (name, description, document) =>
  make("details", "", make("summary", "", make("code", name)), make("p", description.description ?? ""),
    table(["field", "type", "meaning"], Object.entries(description.properties ?? {}).map(([field, it]) => [field, nameOf(it, document), it.description ?? ""])));

const show = async () => {
  const main = document.getElementById("operations");
  try {
    const api = await (await fetch("/openapi/v1.json")).json();
    const byTag = new Map();
    for (const [path, methods] of Object.entries(api.paths)) {
      for (const [method, description] of Object.entries(methods)) {
        const tag = description.tags?.[0] ?? "Other";
        byTag.set(tag, [...(byTag.get(tag) ?? []), operation(method, path, description, api)]);
      }
    }
    const sections = [...byTag].map(([tag, items]) => make("section", "", make("h2", tag), ...items));
    const schemas = Object.entries(api.components?.schemas ?? {}).map(([name, it]) => schema(name, it, api));
    main.replaceChildren(...sections, make("section", "", make("h2", "Schemas"), ...schemas));
  } catch (error) {
    main.replaceChildren(make("p", `The description could not be read: ${error}`));
  }
};

show();
