/** Short codes and their emoji, the common ones first. */
const TABLE =
  "+1 👍 -1 👎 heart ❤️ joy 😂 tada 🎉 eyes 👀 fire 🔥 rocket 🚀 white_check_mark ✅ pray 🙏 clap 👏 thinking 🤔 " +
  "100 💯 smile 😄 slightly_smiling_face 🙂 wave 👋 raised_hands 🙌 ok_hand 👌 muscle 💪 bulb 💡 warning ⚠️ x ❌ question ❓ " +
  "heavy_plus_sign ➕ sweat_smile 😅 sob 😭 cry 😢 sunglasses 😎 wink 😉 heart_eyes 😍 coffee ☕ " +
  "grinning 😀 smiley 😃 grin 😁 laughing 😆 rofl 🤣 blush 😊 innocent 😇 relieved 😌 yum 😋 stuck_out_tongue 😛 " +
  "stuck_out_tongue_winking_eye 😜 kissing_heart 😘 hugs 🤗 star_struck 🤩 partying_face 🥳 smirk 😏 neutral_face 😐 expressionless 😑 " +
  "unamused 😒 roll_eyes 🙄 grimacing 😬 zipper_mouth_face 🤐 sleeping 😴 sleepy 😪 tired_face 😫 weary 😩 pensive 😔 confused 😕 " +
  "upside_down_face 🙃 open_mouth 😮 astonished 😲 flushed 😳 fearful 😨 scream 😱 disappointed 😞 angry 😠 rage 😡 exploding_head 🤯 " +
  "cold_sweat 😰 face_with_thermometer 🤒 nerd_face 🤓 monocle_face 🧐 cowboy_hat_face 🤠 robot 🤖 ghost 👻 skull 💀 alien 👽 clown_face 🤡 " +
  "see_no_evil 🙈 hear_no_evil 🙉 speak_no_evil 🙊 broken_heart 💔 orange_heart 🧡 yellow_heart 💛 green_heart 💚 blue_heart 💙 purple_heart 💜 " +
  "sparkles ✨ star ⭐ zap ⚡ boom 💥 sunny ☀️ cloud ☁️ umbrella ☔ snowflake ❄️ rainbow 🌈 crescent_moon 🌙 earth_africa 🌍 " +
  "point_up ☝️ point_down 👇 point_left 👈 point_right 👉 v ✌️ crossed_fingers 🤞 metal 🤘 handshake 🤝 writing_hand ✍️ facepalm 🤦 shrug 🤷 " +
  "salute 🫡 man 👨 woman 👩 family 👪 dog 🐶 cat 🐱 penguin 🐧 bug 🐛 snake 🐍 crab 🦀 turtle 🐢 bee 🐝 unicorn 🦄 elephant 🐘 octopus 🐙 " +
  "apple 🍎 banana 🍌 pizza 🍕 hamburger 🍔 cake 🍰 birthday 🎂 cookie 🍪 doughnut 🍩 beer 🍺 beers 🍻 wine_glass 🍷 champagne 🍾 tea 🍵 popcorn 🍿 " +
  "soccer ⚽ trophy 🏆 medal_sports 🏅 dart 🎯 guitar 🎸 musical_note 🎵 art 🎨 gift 🎁 balloon 🎈 car 🚗 train 🚆 airplane ✈️ bike 🚲 ship 🚢 " +
  "house 🏠 office 🏢 hospital 🏥 phone ☎️ computer 💻 keyboard ⌨️ bell 🔔 no_bell 🔕 mag 🔍 lock 🔒 unlock 🔓 key 🔑 hammer 🔨 wrench 🔧 gear ⚙️ " +
  "package 📦 memo 📝 pencil2 ✏️ book 📖 books 📚 bookmark 🔖 link 🔗 paperclip 📎 pushpin 📌 calendar 📅 chart_with_upwards_trend 📈 " +
  "chart_with_downwards_trend 📉 clipboard 📋 file_folder 📁 email 📧 hourglass ⌛ alarm_clock ⏰ watch ⌚ moneybag 💰 gem 💎 construction 🚧 " +
  "no_entry ⛔ stop_sign 🛑 heavy_check_mark ✔️ exclamation ❗ recycle ♻️ infinity ♾️ checkered_flag 🏁 white_flag 🏳️ zzz 💤 speech_balloon 💬 " +
  "thought_balloon 💭 red_circle 🔴 green_circle 🟢 large_blue_circle 🔵 yellow_circle 🟡 arrow_up ⬆️ arrow_down ⬇️ arrow_left ⬅️ arrow_right ➡️";

export interface Emoji {
  name: string;
  emoji: string;
}

const words = TABLE.split(" ");
export const EMOJI: Emoji[] = [];
for (let index = 0; index + 1 < words.length; index += 2) EMOJI.push({ name: words[index] ?? "", emoji: words[index + 1] ?? "" });

/** What the picker shows before anything is typed. */
export const COMMON: Emoji[] = EMOJI.slice(0, 32);

const byName = new Map(EMOJI.map(({ name, emoji }) => [name, emoji]));
byName.set("thumbsup", "👍").set("thumbsdown", "👎").set("simple_smile", "🙂").set("face_palm", "🤦");

/** Emoji whose name fits: those that begin with it first. */
export function findEmoji(query: string, limit: number): Emoji[] {
  const wanted = query.toLowerCase().replace(/[\s:]+/g, "_");
  const begins = EMOJI.filter(({ name }) => name.startsWith(wanted));
  const holds = EMOJI.filter(({ name }) => !name.startsWith(wanted) && name.includes(wanted));
  return [...begins, ...holds].slice(0, limit);
}

/** Short codes in a text as emoji; unknown ones stay as they are. */
export const expandEmoji = (text: string): string =>
  text.includes(":") ? text.replace(/:([a-z0-9_+-]{1,40}):/g, (code, name: string) => byName.get(name) ?? code) : text;

/** A reaction as shown: imported ones may be bare names. */
export const emojiOf = (reaction: string): string => byName.get(reaction.replace(/^:|:$/g, "")) ?? reaction;
