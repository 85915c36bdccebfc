/* What a JSON schema says of a value: how it is drawn, which form it has, what it starts with. */

/** The schema with what it refers to in place. */
export function resolve(schema, components) {
  const parts = [...(schema.allOf ?? [])];
  if (schema.$ref) {
    parts.push({ ...components[schema.$ref.split("/").at(-1)] });
  }
  if (!parts.length) {
    return schema;
  }
  const { $ref, allOf, ...own } = schema;
  return Object.assign({}, ...parts.map((part) => resolve(part, components)), own);
}

/** The name of what draws such a value. */
export function kindOf(schema, value) {
  if ("const" in schema) {
    return "const";
  }
  if (schema.enum) {
    return "enum";
  }
  if (schema.oneOf ?? schema.anyOf) {
    return "choice";
  }
  const type = [schema.type].flat().find((name) => name !== "null");
  if (type === "boolean") {
    return "boolean";
  }
  if (type === "integer" || type === "number") {
    return "number";
  }
  const isOfType = { object: isObject, array: Array.isArray, string: (given) => !isObject(given) && !Array.isArray(given) };
  // A value of another type can only be shown as it is.
  if (value !== undefined && !(isOfType[type]?.(value) ?? false)) {
    return "free";
  }
  if (type === "array") {
    return schema.items || schema.prefixItems ? "list" : "free";
  }
  if (type === "object") {
    if (schema.properties && Object.keys(schema.properties).length) {
      return "object";
    }
    return isObject(schema.additionalProperties) ? "map" : "free";
  }
  return type === "string" ? "text" : "free";
}

/** What a value starts with: what it must have, and nothing else. */
export function starting(schema, components) {
  const whole = resolve(schema, components);
  if ("const" in whole) {
    return whole.const;
  }
  if (whole.oneOf ?? whole.anyOf) {
    return starting((whole.oneOf ?? whole.anyOf)[0], components);
  }
  if (whole.examples && whole.type !== "object" && whole.type !== "array") {
    return whole.examples[0];
  }
  if (whole.enum) {
    return whole.enum[0];
  }
  if (whole.type === "object") {
    const needed = (whole.required ?? []).filter((name) => name in (whole.properties ?? {}));
    return Object.fromEntries(needed.map((name) => [name, starting(whole.properties[name], components)]));
  }
  if (whole.type === "array") {
    const fixed = whole.prefixItems ?? Array(whole.minItems ?? 0).fill(whole.items ?? {});
    return fixed.map((item) => starting(item, components));
  }
  return { boolean: false, integer: whole.minimum ?? 0, number: whole.minimum ?? 0 }[whole.type] ?? "";
}

/** The index of the form that fits a value best. */
export function chosenVariant(forms, value, components) {
  const scores = forms.map((form) => fit(resolve(form, components), value, components));
  return scores.indexOf(Math.max(...scores));
}

function fit(schema, value, components, depth = 0) {
  const type = [schema.type].flat()[0];
  if (type === "array") {
    return Array.isArray(value) ? 1 : -10;
  }
  if (type !== "object") {
    const isPlain = !isObject(value) && !Array.isArray(value);
    const isListed = "const" in schema ? schema.const === value : !schema.enum || schema.enum.includes(value);
    return isPlain ? (isListed ? 1 : -1) : -10;
  }
  if (!isObject(value)) {
    return -10;
  }
  const properties = schema.properties ?? {};
  let score = 0;
  for (const [name, given] of Object.entries(value)) {
    if (!(name in properties)) {
      score -= schema.properties ? 1 : 0;
    } else if (depth < 2) {
      score += fit(resolve(properties[name], components), given, components, depth + 1) > -10 ? 1 : -2;
      const inner = resolve(properties[name], components);
      const word = inner.const ?? (inner.enum?.length === 1 ? inner.enum[0] : undefined);
      score += word === undefined ? 0 : word === given ? 3 : -3;
    }
  }
  return score - (schema.required ?? []).filter((name) => !(name in value)).length;
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
