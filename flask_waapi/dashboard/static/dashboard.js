/* Comfort only: every page works without it. */

import { keepLanguage } from "./code.js";
import { keepCountersFresh, keepPlotsFresh } from "./counters.js";
import { offerCopying } from "./copy.js";
import { watchMessages } from "./life.js";
import { watchList } from "./messages.js";
import { offerOutcomes } from "./outcomes.js";
import { openPlayground } from "./playground.js";
import { previewWhileTyping } from "./preview.js";
import { takeSteps } from "./steps.js";
import { showCurrentTab } from "./tabs.js";
import { showLocalTimes, takeLocalTimes } from "./times.js";

showCurrentTab(document);
showLocalTimes(document);
takeLocalTimes(document);
offerCopying(document);
keepCountersFresh(document);
keepPlotsFresh(document);
watchMessages(document);
watchList(document);
openPlayground(document);
previewWhileTyping(document);
keepLanguage(document);
offerOutcomes(document);
takeSteps(document);
