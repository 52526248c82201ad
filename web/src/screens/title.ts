// The page's own name and counts for the top bar and the browser tab.
import { ref } from "vue";
import { language, say, type TextKey } from "../text";

export const titleKey = ref<TextKey>("page.work");
export const titleMore = ref("");

export function setTitle(key: TextKey, more = ""): void {
  titleKey.value = key;
  titleMore.value = more;
  document.title = [say(key), more, language.value === "zh" ? "城运" : "Chengyun"].filter(Boolean).join(" · ");
}
