/* Draws a form from a JSON schema, over a value that both the form and the JSON beside it change. */

import { chosenVariant, kindOf, resolve, starting } from "./schema_values.js";

const LONG_TEXT = 300;

/**
 * A form in an element of the page.
 *
 * @param root - the element
 * @param document - `variants` and `components`, as the server gives them
 * @param changed - called with the whole value after each change
 */
export function createSchemaForm(root, { variants, components }, changed) {
  let value = {};
  let variant = 0;

  function draw(focused = null) {
    root.replaceChildren();
    if (variants.length > 1) {
      root.append(variantChoice());
    }
    root.append(...members(variants[variant], value, ""));
    const target = focused === null ? null : root.querySelector(`[data-control="${CSS.escape(focused)}"]`);
    target?.focus();
  }

  function variantChoice() {
    const select = element("select", { id: "form-variant" });
    variants.forEach((item, index) => {
      select.append(new Option(item.title, index, index === variant, index === variant));
    });
    select.addEventListener("change", () => {
      variant = Number(select.value);
      const shared = Object.entries(value).filter(([name]) => name in variants[variant].properties);
      value = { ...starting(variants[variant], components), ...Object.fromEntries(shared) };
      draw();
      changed(value);
      root.querySelector("#form-variant").focus();
    });
    return field("form-variant", "Form of the body", select, {}, null);
  }

  /** The fields of an object: what it has or needs, then what it may have. */
  function members(schema, holder, pointer) {
    const properties = Object.entries(schema.properties ?? {});
    const needed = new Set(schema.required ?? []);
    const isShown = ([name]) => needed.has(name) || name in holder;
    const shown = properties.filter(isShown);
    const others = properties.filter((entry) => !isShown(entry));
    const drawn = shown.map(([name, inner]) => member(name, inner, holder, pointer, needed.has(name)));
    const unknown = Object.keys(holder).filter((name) => !(name in (schema.properties ?? {})));
    if (unknown.length && schema.properties) {
      drawn.push(element("p", { className: "help" }, `Also in the JSON: ${unknown.join(", ")}`));
    }
    if (others.length) {
      const more = element("details", { className: "more" });
      more.append(element("summary", {}, `More fields (${others.length})`));
      more.append(...others.map(([name, inner]) => member(name, inner, holder, pointer, false)));
      drawn.push(more);
    }
    return drawn;
  }

  function member(name, declared, holder, pointer, isNeeded) {
    const here = `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    const schema = resolve(declared, components);
    const options = { name, holder, pointer: here, isNeeded, label: schema.title ?? name };
    const kind = kindOf(schema, holder[name]);
    if (!(name in holder) && ["object", "list", "map", "choice"].includes(kind) && !isNeeded) {
      return adder(schema, options);
    }
    return DRAWERS[kind](schema, options);
  }

  function adder(schema, { name, holder, pointer, label }) {
    const button = element("button", { type: "button", className: "button is-small" }, `Add ${label}`);
    button.dataset.control = pointer;
    button.addEventListener("click", () => {
      holder[name] = starting(schema, components);
      draw(pointer);
      changed(value);
    });
    const wrapped = element("div", { className: "field" });
    wrapped.append(button, ...helps(schema, pointer));
    return wrapped;
  }

  function store({ name, holder, isNeeded }, given) {
    if (given === undefined || (given === "" && !isNeeded)) {
      if (Array.isArray(holder)) {
        holder[name] = "";
      } else {
        delete holder[name];
      }
    } else {
      holder[name] = given;
    }
    changed(value);
  }

  const DRAWERS = {
    const(schema, options) {
      options.holder[options.name] ??= schema.const;
      const shown = element("output", { className: "fixed" }, String(schema.const));
      return field(options.pointer, options.label, shown, schema, null);
    },

    enum(schema, options) {
      return select(options, schema, schema.enum.map((word) => [String(word), word]));
    },

    boolean(schema, options) {
      return select(options, schema, [["true", true], ["false", false]]);
    },

    number(schema, options) {
      const input = element("input", { type: "text", inputMode: "decimal" });
      input.value = options.holder[options.name] ?? "";
      input.addEventListener("input", () => {
        const typed = input.value.trim();
        // What is no number goes as it is: the server says what is wrong with it.
        store(options, typed === "" ? undefined : Number.isNaN(Number(typed)) ? input.value : Number(typed));
      });
      return field(options.pointer, options.label, input, schema, options.isNeeded);
    },

    text(schema, options) {
      const isLong = (schema.maxLength ?? 0) >= LONG_TEXT && !["url", "uri"].includes(schema.format);
      const input = isLong ? element("textarea", { rows: 2 }) : element("input", { type: "text" });
      input.value = options.holder[options.name] ?? "";
      const example = schema.examples?.[0] ?? schema.example;
      if (typeof example === "string") {
        input.placeholder = example;
      }
      input.addEventListener("input", () => store(options, input.value));
      return field(options.pointer, options.label, input, schema, options.isNeeded);
    },

    free(schema, options) {
      const input = element("textarea", { rows: 3, className: "is-mono", spellcheck: false });
      const given = options.holder[options.name];
      input.value = given === undefined ? "" : JSON.stringify(given, null, 2);
      input.addEventListener("input", () => {
        if (!input.value.trim()) {
          store(options, undefined);
          return;
        }
        try {
          store(options, JSON.parse(input.value));
          input.setCustomValidity("");
        } catch {
          input.setCustomValidity("This is not JSON yet.");
        }
      });
      return field(options.pointer, `${options.label} (JSON)`, input, schema, options.isNeeded);
    },

    object(schema, options) {
      const { name, holder } = options;
      holder[name] ??= {};
      return group(schema, options, members(schema, holder[name], options.pointer));
    },

    map(schema, options) {
      const { name, holder, pointer } = options;
      holder[name] ??= {};
      const inner = holder[name];
      const rows = Object.keys(inner).map((key) => {
        const row = member(key, schema.additionalProperties, inner, pointer, true);
        row.append(remover(`Remove ${key}`, pointer, () => delete inner[key]));
        return row;
      });
      const id = `new-${pointer}`;
      const input = element("input", { type: "text", id });
      const add = element("button", { type: "button", className: "button is-small" }, "Add");
      add.addEventListener("click", () => {
        if (input.value && !(input.value in inner)) {
          inner[input.value] = "";
          draw(`${pointer}/${input.value}`);
          changed(value);
        }
      });
      const row = element("div", { className: "field" });
      row.append(element("label", { htmlFor: id }, `New name in ${options.label}`), input, add);
      return group(schema, options, [...rows, row]);
    },

    list(schema, options) {
      const { name, holder, pointer, label } = options;
      holder[name] ??= starting(schema, components);
      const items = holder[name];
      const fixed = schema.prefixItems;
      const drawn = items.map((item, index) => {
        const inner = resolve(fixed?.[index] ?? schema.items ?? {}, components);
        const titled = { ...inner, title: inner.title ?? `${label} ${index + 1}` };
        const row = member(String(index), titled, items, pointer, true);
        if (!fixed) {
          row.append(remover(`Remove ${titled.title}`, pointer, () => items.splice(index, 1)));
        }
        return row;
      });
      if (!fixed) {
        const add = element("button", { type: "button", className: "button is-small" }, `Add to ${label}`);
        add.dataset.control = pointer;
        add.addEventListener("click", () => {
          items.push(starting(resolve(schema.items ?? {}, components), components));
          draw(pointer);
          changed(value);
        });
        drawn.push(add);
      }
      return group(schema, options, drawn);
    },

    choice(schema, options) {
      const { name, holder, pointer, label } = options;
      const forms = (schema.oneOf ?? schema.anyOf).map((item) => resolve(item, components));
      holder[name] ??= starting(forms[0], components);
      const chosen = chosenVariant(forms, holder[name], components);
      const inner = { ...forms[chosen], title: label, description: schema.description };
      const drawn = DRAWERS[kindOf(inner, holder[name])](inner, options);
      const id = `kind-${pointer}`;
      const select = element("select", { id });
      forms.forEach((form, index) => {
        const words = form.title ?? { object: "by name", array: "in order", string: "text" }[form.type] ?? form.type;
        select.append(new Option(words, index, index === chosen, index === chosen));
      });
      select.dataset.control = `${pointer}#kind`;
      select.addEventListener("change", () => {
        holder[name] = starting(forms[select.value], components);
        draw(`${pointer}#kind`);
        changed(value);
      });
      const row = element("div", { className: "field is-narrow" });
      row.append(element("label", { htmlFor: id }, `Form of ${label}`), select);
      drawn.append(row);
      return drawn;
    },
  };

  function select(options, schema, choices) {
    const input = element("select", {});
    if (!options.isNeeded || !(options.name in options.holder)) {
      input.append(new Option("(not given)", ""));
    }
    const given = options.holder[options.name];
    const isListed = choices.some(([, word]) => word === given);
    if (given !== undefined && !isListed) {
      input.append(new Option(String(given), "?", true, true));
    }
    choices.forEach(([words, word], index) => input.append(new Option(words, index, word === given, word === given)));
    input.addEventListener("change", () => {
      store(options, input.value === "" ? undefined : (choices[input.value]?.[1] ?? given));
    });
    return field(options.pointer, options.label, input, schema, options.isNeeded);
  }

  function remover(label, pointer, remove) {
    const button = element("button", { type: "button", className: "button is-small is-quiet" }, label);
    button.addEventListener("click", () => {
      remove();
      draw(pointer);
      changed(value);
    });
    return button;
  }

  return {
    /** Show another value, as the JSON has it. */
    show(given) {
      value = given;
      variant = chosenVariant(variants, given, components);
      const focused = root.contains(document.activeElement) ? document.activeElement.dataset.control : null;
      draw(focused ?? null);
    },
  };
}

function field(pointer, label, control, schema, isNeeded = false) {
  const id = control.id || `field-${pointer}`;
  control.id = id;
  control.dataset.control = pointer;
  const wrapped = element("div", { className: "field" });
  wrapped.dataset.pointer = pointer;
  const named = element("label", { htmlFor: id }, label);
  if (isNeeded) {
    named.append(" ", element("abbr", { className: "required", title: "required" }, "*"));
    // What cannot be filled in differently is not asked for.
    if (!(control instanceof HTMLOutputElement)) {
      control.setAttribute("aria-required", "true");
    }
  } else if (isNeeded === false) {
    named.append(" ", element("span", { className: "optional" }, "optional"));
  }
  wrapped.append(named, control, ...helps(schema, pointer));
  const described = [...wrapped.querySelectorAll(".help")].map((help) => help.id);
  if (described.length) {
    control.setAttribute("aria-describedby", described.join(" "));
    control.dataset.described = described.join(" ");
  }
  return wrapped;
}

function group(schema, { pointer, label, isNeeded }, drawn) {
  const fieldset = element("fieldset", { className: "group" });
  fieldset.dataset.pointer = pointer;
  const legend = element("legend", {}, label);
  if (isNeeded) {
    legend.append(" ", element("abbr", { className: "required", title: "required" }, "*"));
  }
  fieldset.append(legend, ...helps(schema, pointer), ...drawn);
  return fieldset;
}

function helps(schema, pointer) {
  const parts = [plain(schema.description), limits(schema)].filter(Boolean);
  return parts.length ? [element("p", { className: "help", id: `help-${pointer}` }, parts.join(" "))] : [];
}

function limits(schema) {
  if (schema.maxLength) {
    const most = schema.maxLength.toLocaleString("en");
    return schema.minLength ? `${schema.minLength} to ${most} characters.` : `Up to ${most} characters.`;
  }
  if (schema.minimum !== undefined && schema.maximum !== undefined) {
    return `${schema.minimum} to ${schema.maximum.toLocaleString("en")}.`;
  }
  if (schema.maxItems && !schema.prefixItems) {
    return `Up to ${schema.maxItems}.`;
  }
  return "";
}

function plain(text) {
  return (text ?? "").replaceAll("`", "").replaceAll("**", "");
}

function element(tag, properties = {}, text = null) {
  const made = Object.assign(document.createElement(tag), properties);
  if (text !== null) {
    made.textContent = text;
  }
  return made;
}
