import tseslint from "typescript-eslint";
import vue from "eslint-plugin-vue";

export default tseslint.config(
  { ignores: ["dist", "public", "node_modules", "src/api/generated.ts"] },
  ...tseslint.configs.recommended,
  ...vue.configs["flat/essential"],
  { files: ["**/*.vue"], languageOptions: { parserOptions: { parser: tseslint.parser } } },
  {
    rules: {
      "no-restricted-globals": ["error", { name: "alert", message: "Use a toast or a ConfirmAct." }, { name: "confirm", message: "Use ConfirmAct." }],
      "no-eval": "error",
      "vue/no-v-html": "error",
      "vue/multi-word-component-names": "off",
    },
  },
);
