/* Comfort only: every page works without it. */

import { keepCountersFresh } from "./counters.js";
import { offerCopying } from "./copy.js";
import { watchMessages } from "./life.js";
import { reloadOnChoice } from "./playground.js";
import { showCurrentTab } from "./tabs.js";
import { showLocalTimes, showLocalTimeOfField } from "./times.js";

showCurrentTab(document);
showLocalTimes(document);
showLocalTimeOfField(document);
offerCopying(document);
keepCountersFresh(document);
watchMessages(document);
reloadOnChoice(document);
