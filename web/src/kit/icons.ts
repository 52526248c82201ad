// The one fixed icon of each source and each rail entry. Round frame: people; square: machines; diamond: other systems.
import type { Component } from "vue";
import { IconArrowsExchange, IconBuildingCommunity, IconCalculator, IconCamera, IconChartBar, IconClipboardCheck, IconFolders, IconHeadset, IconMap2, IconPhoneCall, IconRadar2, IconSettings, IconShieldSearch, IconTruck, IconUser, IconWalk, IconWifi } from "@tabler/icons-vue";

export const SOURCES: Record<string, { icon: Component; shape: "round" | "square" | "diamond" }> = {
  collector: { icon: IconWalk, shape: "round" },
  public: { icon: IconUser, shape: "round" },
  hotline: { icon: IconHeadset, shape: "round" },
  video: { icon: IconCamera, shape: "square" },
  sensor: { icon: IconWifi, shape: "square" },
  moving: { icon: IconTruck, shape: "square" },
  exchange: { icon: IconArrowsExchange, shape: "diamond" },
};
export const UNKNOWN_SOURCE = { icon: IconRadar2, shape: "square" as const };

export const RAIL_ICONS: Record<string, Component> = {
  work: IconClipboardCheck, cases: IconFolders, map: IconMap2, scores: IconChartBar, city: IconBuildingCommunity, setup: IconSettings, audit: IconShieldSearch, hotline: IconPhoneCall,
};
export const MACHINE_ICON = IconRadar2;
export const TIMER_ICON = IconCalculator;

/** Six fields: fixed order, fixed token; the character stands in the text files. Both spellings of the catalogue are known. */
export const FIELDS: Record<string, string> = {
  facilities: "facility", upkeep: "upkeep", environment: "environment", traffic: "traffic", safety: "safety", enforcement: "enforcement",
};
