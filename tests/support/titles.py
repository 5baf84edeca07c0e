"""Real artists, titles and albums in many languages, and the code pages that their tags are found in."""

from collections.abc import Iterator

WESTERN = """
Beyoncé | Déjà Vu | B'Day
Sigur Rós | Hoppípolla | Takk…
Björk | Jóga | Homogenic
Mötley Crüe | Kickstart My Heart | Dr. Feelgood
Motörhead | Ace of Spades | Ace of Spades
Blue Öyster Cult | (Don’t Fear) The Reaper | Agents of Fortune
Tool | Forty Six & 2 | Ænima
Café Tacvba | Eres | Cuatro Caminos
Édith Piaf | Non, je ne regrette rien | Éternelle
Françoise Hardy | Tous les garçons et les filles | Le Temps de l'amour
Stromae | Alors on danse | Racine carrée
Zaz | Je veux | Éblouie par la nuit
Jacques Brel | La chanson des vieux amants | Enregistrement public à l'Olympia
Céline Dion | Pour que tu m'aimes encore | D'eux
Mylène Farmer | Désenchantée | L'autre…
Noir Désir | L'Homme pressé | 666.667 Club
Indochine | L'Aventurier | Génération Indochine
Michel Sardou | Être une femme | Intégrale
MC Solaar | La Belle et le Bad Boy | Cinquième As
Jean Sébastien Bach | Où êtes-vous, mon cœur | Œuvres choisies
Die Ärzte | Männer sind Schweine | 13
Die Toten Hosen | Tage wie diese | Ballast der Republik
Herbert Grönemeyer | Männer | Bochum
Nena | 99 Luftballons | Fragezeichen
Rammstein | Frühling in Paris | Liebe ist für alle da
Die Fantastischen Vier | Troy | Größte Hits
Wir sind Helden | Müssen nur wollen | Die Reklamation
Peter Fox | Schüttel deinen Speck | Stadtaffe
Kraftwerk | Spiegelsaal | Trans Europa Express – Überblick
Unheilig | Geboren um zu leben | Große Freiheit
Silbermond | Das Beste | Laut gedacht – Für dich
Helene Fischer | Atemlos durch die Nacht | Farbenspiel: Für einen Tag
Grauzone | Eisbär | Grauzone
Münchener Freiheit | Ohne dich (schlaf’ ich heut Nacht nicht ein) | Träume
Juanes | La Camisa Negra | Mi Sangre – Edición especial
Shakira | Suerte | Servicio de lavandería
Enrique Iglesias | Bailando | Sex and Love – Canción
Maná | En el muelle de San Blas | Sueños líquidos
Joaquín Sabina | 19 días y 500 noches | 19 días y 500 noches
Mecano | Hijo de la Luna | Entre el cielo y el suelo – Año
Rosalía | Malamente (Cap. 1: Augurio) | El mal querer
Alejandro Sanz | Corazón partío | Más
Los Fabulosos Cadillacs | Matador | Vasos vacíos
Héroes del Silencio | Entre dos tierras | Senderos de traición
Luis Fonsi | ¿Quién te dijo eso? | Abrazar la vida
Bebe | Malo | Pafuera telarañas
Celia Cruz | La vida es un carnaval | ¡Azúcar!
Camarón | Como el agua | Potro de rabia y miel
Antônio Carlos Jobim | Águas de Março | Elis & Tom
João Gilberto | Chega de Saudade | O amor, o sorriso e a flor
Caetano Veloso | Você é linda | Uns
Legião Urbana | Pais e Filhos | As Quatro Estações
Tribalistas | Já Sei Namorar | Tribalistas
Amália Rodrigues | Uma Casa Portuguesa | Coração Independente
Madredeus | O Pastor | Existir – A canção
Mariza | Ó Gente da Minha Terra | Fado em Mim
Laura Pausini | La solitudine | Perché no
Lucio Battisti | Il mio canto libero | Sì, viaggiare
Zucchero | Così celeste | Spirito DiVino
Jovanotti | L'ombelico del mondo | Lorenzo 1990–1995 (È qui la festa?)
Mina | Città vuota | È l'uomo per me
Paolo Conte | Via con me | Paris Milonga – Azzurro
Lluís Llach | L'estaca | Ara i aquí
Sopa de Cabra | L'Empordà | La nit dels anys
Røyksopp | Poor Leno | Melody A.M.
a-ha | Sommer mø | Størst
Kari Bremnes | Fantastisk allerede | Månestein – Løsrivelse
DumDum Boys | Splitter pine | Pstereo – Sær
Bjørn Eidsvåg | Eg ser | På leit
Mø | Kamikaze | No Mythologies to Follow
Kim Larsen | Om lidt blir her stille | Midt om natten – Ærlighed
Shu-bi-dua | Står på en alpetop | Rødgrød
Gasolin' | Langebro | Stakkels Jim – Østen
Kent | Dom andra | Vapen & ammunition – Någonting
Håkan Hellström | Känn ingen sorg för mig Göteborg | Känn ingen sorg
Robyn | Hjärtat slår | Flickan
Veronica Maggio | Jag kommer | Satan i gatan – Måndagsbarn
Gyllene Tider | Sommartider | Återtåget
Hedningarna | Räven | Trä
Eppu Normaali | Tahroja paperilla | Kahdeksas ihme – Näin kulutan
Värttinä | Seelinnikoi | Oi Dai – Kylä vuotti
Juha Tapio | Kaksi puuta | Hyvää yötä
PMMP | Päiväkoti | Leskiäidin tyttäret
Sólstafir | Fjara | Svartir Sandar – Ótta
Of Monsters and Men | Dirty Paws | Ísland
Múm | Við erum með landakort af píanóinu | Sumardagurinn þungi
Ásgeir | Dýrð í dauðaþögn | Dýrð í dauðaþögn
Boudewijn de Groot | Het land van Maas en Waal | Één voor één
Doe Maar | Is dit alles | België
Clannad | Theme from Harry’s Game | Dúlamán
Enya | Cursum Perficio | Éire – Celts
Metallica | Whiskey in the Jar | Garage Inc. – “Live”
The Beatles | Ob‐La‐Di | “White Album”
Guns N’ Roses | Sweet Child o’ Mine | Appetite for Destruction
Hüsker Dü | Don’t Want to Know If You Are Lonely | Candy Apple Grey
Queensrÿche | Silent Lucidity | Empire
Maxïmo Park | Apply Some Pressure | A Certain Trigger
Michael Bublé | Haven’t Met You Yet | Crazy Love
Sinéad O’Connor | Nothing Compares 2 U | I Do Not Want What I Haven’t Got
Prince | Raspberry Beret | Around the World in a Day ®
Jay‑Z | 99 Problems | The Black Album © 2003
Iron Maiden | 2 Minutes to Midnight | ½ Live ±1
Ke$ha | TiK ToK | £10 • €5
Aṣa | Fire on the Mountain | Frère
Khaled | Aïcha | Sahra – C'est la nuit
Youssou N'Dour | 7 Seconds | Ségou – Fatéliku
Ibrahim Maalouf | Beirut | Diagnostic – Été
Nightwish | Élan | Endless Forms
Yann Tiersen | Comptine d'un autre été, l'après-midi | Le Fabuleux Destin d'Amélie Poulain
Penguin Cafe | Solaris | Händel
Antonín Dvořák | Largo | Aus der Neuen Welt (für Flöte)
Händel | Wassermusik | Die schönsten Stücke
NAÏVE | ÉTÉ | À LA CARTE
DIE ÄRZTE | JUNGE | JAZZ IST ANDERS – ÖL
"""

RUSSIAN = """
Кино | Ночь | Группа крови
Кино | Звезда по имени Солнце | Звезда по имени Солнце
Ария | Беспечный ангел | 2000 и одна ночь
Алиса | Небо славян | Солнцеворот
ДДТ | Что такое осень | Актриса Весна
Земфира | Хочешь? | Прости меня моя любовь
Би-2 | Полковнику никто не пишет | Би-2
Мумий Тролль | Владивосток 2000 | Морская
Сплин | Выхода нет | Гранатовый альбом
Король и Шут | Лесник | Как в старой сказке
Агата Кристи | Опиум для никого | Опиум
Наутилус Помпилиус | Прогулки по воде | Чужая земля
Ленинград | Мне бы в небо | Бабье лето
Аквариум | Город золотой | Десять стрел
Машина времени | Поворот | Реки и мосты
Алла Пугачёва | Миллион алых роз | Ах, как хочется жить
Высоцкий | Кони привередливые | Натянутый канат
Баста | Моя игра | Баста 1
Ёлка | Прованс | Точки расставлены
МакSим | Знаешь ли ты | Мой рай
Серебро | Мама Люба | Mama Lover
Tequilajazzz | Зимнее солнце | Целлулоид
КИНО | ГРУППА КРОВИ | ЛУЧШИЕ ПЕСНИ
Чайф | Не спеши | Оранжевое настроение
Звери | Районы-кварталы | Районы-кварталы
Ногу свело! | Хару Мамбуру | Счастлива, потому что беременна
Пикник | У шамана три руки | Египтянин
Браво | Вася | Стиляги из Москвы
Секрет | Моя любовь на пятом этаже | Секрет
Г. Свиридов | Метель: Вальс | Время, вперёд!
"""

UKRAINIAN = """
Океан Ельзи | Обійми | Земля
Океан Ельзи | Я так хочу | Янанебібув
Скрябін | Старі фотографії | Гольфстрім
Воплі Відоплясова | Весна | Країна мрій
ТНМК | Гранули | Пожежі міста Вавилон
Бумбокс | Вахтерам | Family Бізнес
Один в каное | Човен | Один в каное
Христина Соловій | Тримай | Жива вода
Плач Єремії | Вона | Най буде все як є
Бурсака на їжу | Її очі | Щедрик
"""

BULGARIAN = """
Щурците | Вкусът на времето | Конникът
ФСД | Песен за Сульо и Пульо | Пещерата
Лили Иванова | Ветрове | Щурче
Сигнал | Да те жадувам | Попътен вятър
Ахат | Черната овца | Походът
Нова генерация | Патриот | Входът на рая
Васил Найденов | Телефонна любов | По първи петли
"""

CZECH_SLOVAK = """
Lucie | Černí andělé | Černý kočky mokrý žáby
Kabát | Malá dáma | Čert na koze jel
Jaromír Nohavica | Darmoděj | Mikymauzoleum
Karel Gott | Když muž se ženou snídá | Zůstanu svůj
Chinaski | Každý ráno | Na na na a jiné popjevky
Olympic | Dej mi víc své lásky | Želva
Waldemar Matuška | Sbohem, lásko | Jó, třešně zrály
Lucie Bílá | Láska je láska | Missariel
Tři sestry | Zelená | Na kovárně, to je nářez
Divokej Bill | Čmelák | Malování
Wanastowi Vjecy | Otevřená zlomenina srdečního svalu | Lži, sex & prachy
Elán | Nie sme zlí | Neviem byť sám
Team | Držím ti miesto | Máš moje číslo
Richard Müller | Štěstí je krásná věc | Rétorika
Peter Nagy | Psi sa bránia útokom | Chráň svoje bláznovstvá
Ivan Mládek | Jožin z bažin | Nashledanou!
Hana Hegerová | Čerešně | Potměšilý host
IMT Smile | Ľudia nie sú zlí | Valec
"""

POLISH = """
Czesław Niemen | Dziwny jest ten świat | Dziwny jest ten świat…
Perfect | Nie płacz Ewka | Jestem
Lady Pank | Zawsze tam gdzie ty | Mała Lady Punk
Maanam | Kocham cię, kochanie moje | Nocny patrol
Lech Janerka | Rower | Historia podwodna – Śmielej
Dżem | Wehikuł czasu | Najemnik
Republika | Biała flaga | Nowe sytuacje
T.Love | Chłopaki nie płaczą | Pocisk miłości
Kult | Polska | Posłuchaj to do ciebie
Edyta Bartosiewicz | Skłamałam | Szok’n’Show
Kayah | Śpij kochanie, śpij | Kayah i Bregović
Marek Grechuta | Świecie nasz | Dni, których jeszcze nie znamy
Dawid Podsiadło | Małomiasteczkowy | Annoyance and Disappointment
Męskie Granie Orkiestra | Początek | Męskie Granie
Brodka | Miałeś być | Granda – Święta
Budka Suflera | Jolka, Jolka pamiętasz | Za ostatni grosz
Ich Troje | Zawsze z tobą chciałbym być | Ad. 4 – Miłość
Skaldowie | Prześliczna wiolonczelistka | Wszystko kwitnie wkoło
Krzysztof Krawczyk | Parostatek | Zawsze łatwiej
"""

HUNGARIAN = """
Omega | Gyöngyhajú lány | 10000 lépés
Illés | Nehéz az út | Nehéz az út
Quimby | Most múlik pontosan | Káosz amigos
Kispál és a Borz | Emese | Holdfényexpressz – Ősz
Zorán | Kóló | Közös szavakból
Edda Művek | A kör | Változó idők
Republic | Szállj el kismadár | Hahó öcsém
Tankcsapda | Mennyország Tourist | Az ember tervez – Őrjárat
Bikini | Közeli helyeken | Mondd el
Locomotiv GT | Egy elkésett dal | Mindig magasabbra – Zűr
Koncz Zsuzsa | Kertész leszek | Jelbeszéd, egyszerű őszi
"""

CROATIAN_SLOVENE_ROMANIAN = """
Bijelo dugme | Đurđevdan | Ćiribiribela
Đorđe Balašević | Računajte na nas | Priča o Vasi Ladačkom
Oliver Dragojević | Cesarica | Što to bješe ljubav
Azra | A šta da radim | Sunčana strana ulice
Severina | Djevojka sa sela | Virujen u te – Najbolje uživo
Siddharta | Ledena | Rh− – Križci, krožci
Vlado Kreslin | Od višine se zvrti | Najlepša leta našega življenja
Laibach | Država | Opus Dei – Življenje je življenje
Phoenix | Mugur de fluier | Cei ce ne-au dat nume – Țară
Holograf | Ți-am dat un inel | Banii vorbesc – Și tu
"""

GREEK = """
Χαρούλα Αλεξίου | Δι' ευχών | Η ζωή μου κύκλους κάνει
Μίκης Θεοδωράκης | Άξιον Εστί | Το τραγούδι του νεκρού αδελφού
Γιώργος Νταλάρας | Μη μου θυμώνεις μάτια μου | Μικρά Ασία
Τρύπες | Δεν χωράς πουθενά | Εννιά πληρωμένα τραγούδια
Πυξ Λαξ | Έπαψες αγάπη να θυμίζεις | Ο ήλιος του χειμώνα
Μάνος Χατζιδάκις | Χάρτινο το φεγγαράκι | Το χαμόγελο της Τζοκόντας
Ελευθερία Αρβανιτάκη | Δυνατά | Τα κορμιά και τα μαχαίρια
Σωκράτης Μάλαμας | Πριγκιπέσσα | Ένα
Ξύλινα Σπαθιά | Ρόδες | Πέρα απ' τις πόλεις της ασφάλτου
Θανάσης Παπακωνσταντίνου | Αύγουστος | Αγρύπνια
Άννα Βίσση | Δώδεκα | Κλίμα τροπικό
Σάκης Ρουβάς | Το δυνατότερο | Ήρθες
"""

HEBREW = """
עופרה חזה | אם ננעלו | שירי תימן
אריק איינשטיין | עוף גוזל | יושב על הגדר
שלמה ארצי | תתארו לכם | חום יולי אוגוסט
יהודה פוליקר | אפר ואבק | אפר ואבק
משינה | רכבת לילה לקהיר | משינה
כוורת | יו יה | סיפורי פוגי
אביב גפן | עכשיו מעונן | עכשיו מעונן
עידן רייכל | ממעמקים | ממעמקים
שלום חנוך | מחכים למשיח | מחכים למשיח
נעמי שמר | ירושלים של זהב | הכל פתוח
"""

ARABIC = """
فيروز | نسم علينا الهوى | بعدك على بالي
أم كلثوم | إنت عمري | ألف ليلة وليلة
عبد الحليم حافظ | قارئة الفنجان | أهواك
عمرو دياب | تملي معاك | نور العين
نانسي عجرم | آه ونص | يا سلام
كاظم الساهر | أنا وليلى | مدرسة الحب
مارسيل خليفة | أحن إلى خبز أمي | وعود من العاصفة
إليسا | أجمل إحساس | عايشالك
"""

TURKISH = """
Barış Manço | Dağlar Dağlar | Sarı Çizmeli Mehmet Ağa
Tarkan | Şımarık | Ölürüm Sana
Sezen Aksu | Gülümse | Işık Doğudan Yükselir
Duman | Senden Daha Güzel | Eski Köprünün Altında
Mor ve Ötesi | Bir Derdim Var | Dünya Yalan Söylüyor
maNga | Dünyanın Sonuna Doğmuşum | Şehr-i Hüzün
Cem Karaca | Tamirci Çırağı | Nerde Kalmıştık?
Müslüm Gürses | Affet | Aşk Tesadüfleri Sever
Şebnem Ferah | Sil Baştan | Kadın – Artık kısa cümleler kuruyorum
İbrahim Tatlıses | Haydi Söyle | Mavi Mavi – Yağmurla Gelen Kadın
Teoman | Paramparça | Onyedi – İstanbul'da Sonbahar
Sertab Erener | Ateşle Barut | Sakin Ol! – Lâl
Ajda Pekkan | Bambaşka Biri | Süperstar
Selda Bağcan | İnce İnce | Yaz Gazeteci Yaz – Türkülerimiz
"""

BALTIC = """
Foje | Žmogus ne iš šio pasaulio | Geltoni krantai
Andrius Mamontovas | Mono arba stereo | Šiaurės naktis – Pusė penkių
Marijonas Mikutavičius | Trys milijonai | Pasveikinkit vieni kitus – Dieną naktį
Prāta Vētra | Lidmašīnas | Mākoņains – Četri krasti
Līvi | Dzimtā valoda | Mūzikas ierocis Nr. 1
Raimonds Pauls | Dāvāja Māriņa | Baltā saule – Mēmā dziesma
Skamp | Mėnulio šviesa | Ėjau į kalną, žiūrėjau į dangų
"""

JAPANESE = """
宇多田ヒカル | 光 | 初恋
坂本九 | 上を向いて歩こう | 坂本九 ベスト
椎名林檎 | 本能 | 勝訴ストリップ
スピッツ | ロビンソン | ハチミツ
米津玄師 | 打上花火 | 感電
サザンオールスターズ | いとしのエリー | さくら
中島みゆき | 地上の星 | 短篇集
ゆず | 夏色 | ゆず一家
久石譲 | もののけ姫 | となりのトトロ
安室奈美恵 | 愛してる | 逢いたい
X JAPAN | 紅 | 青い血
Mr.Children | 終わりなき旅 | 深海
浜崎あゆみ | 季節 | 愛の歌
くるり | ばらの花 | 図鑑
ザ・ブルーハーツ | リンダリンダ | ザ・ブルーハーツ
東京事変 | 群青日和 | 教育
ヨルシカ | ただ君に晴れ | だから僕は音楽を辞めた
平沢進 | 夢の島思念公園 | パプリカ
"""

CHINESE_SIMPLIFIED = """
周杰伦 | 青花瓷 | 我很忙
邓丽君 | 月亮代表我的心 | 难忘的一天
王菲 | 红豆 | 唱游
崔健 | 一无所有 | 新长征路上的摇滚
陈奕迅 | 十年 | 黑白灰
刘德华 | 忘情水 | 天意
李健 | 贝加尔湖畔 | 依然
许巍 | 蓝莲花 | 时光漫步
朴树 | 平凡之路 | 猎户星座
薛之谦 | 演员 | 绅士
张学友 | 吻别 | 吻别
任贤齐 | 心太软 | 心太软
筷子兄弟 | 小苹果 | 老男孩
Beyond | 海阔天空 | 乐与怒
"""

CHINESE_TRADITIONAL = """
周杰倫 | 七里香 | 葉惠美
鄧麗君 | 甜蜜蜜 | 島國之情歌
五月天 | 倔強 | 神的孩子都在跳舞
蔡依林 | 舞孃 | 看我72變
張惠妹 | 聽海 | 牽手
王菲 | 容易受傷的女人 | 討好自己
羅大佑 | 光陰的故事 | 之乎者也
孫燕姿 | 天黑黑 | 風箏
伍佰 | 挪威的森林 | 愛情的盡頭
陳綺貞 | 旅行的意義 | 華麗的冒險
"""

KOREAN = """
아이유 | 좋은 날 | 리얼
방탄소년단 | 봄날 | 화양연화
서태지와 아이들 | 난 알아요 | 컴백홈
김광석 | 서른 즈음에 | 다시 부르기
이문세 | 광화문 연가 | 붉은 노을
소녀시대 | 다시 만난 세계 | 소원을 말해봐
조용필 | 단발머리 | 창밖의 여자
산울림 | 아니 벌써 | 개구장이
빅뱅 | 거짓말 | 하루하루
잔나비 | 주저하는 연인들을 위해 | 전설
혁오 | 위잉위잉 | 톰보이
버스커 버스커 | 벚꽃 엔딩 | 여수 밤바다
"""

THAI = """
คาราบาว | เมดอินไทยแลนด์ | วณิพก
บอดี้สแลม | ความเชื่อ | คราม
โลโซ | ใจสั่งมา | ไม่ต้องห่วงฉัน
เบิร์ด ธงไชย | สบาย สบาย | ขอบใจจริงๆ
"""

# Each of these texts stands alone. Of all rules, only that on punctuation was made with them.

WESTERN_ALONE = """
Mötley Crüe | Björk | Ænima | Café | Motörhead | Blue Öyster Cult | Hüsker Dü | Zoé | Sinéad O'Connor | Röyksopp
Sébastien Tellier | Édith | Michel Legrand – Été 42 | Télépopmusik | Beyoncé | Röyksopp's Night Out
Emilíana Torrini | Árstíðir | Gusgus – Ósómi | Nanna Bryndís | Þeyr | Mezzoforte – Garðurinn | Jónsi
Amiina – Hilli (At the Top of the World) | Sálin hans Jóns míns | Bubbi – Stál og hnífur | Jón Leifs
Þursaflokkurinn | Ólafur Arnalds | Við spilum endalaust | Með suð í eyrum | Sæglópur | Garðar Thór
Ágætis byrjun | Tiësto | André Rieu | Anouk – Lénoir | Rowwen Hèze | BLØF | Møme | Mø – Final Song
Volbeat – Fallen × 2 | Dúné | Nephew – Igen & Igen & | Nik & Jay – Når et lys slukkes | Malk de Koijn – Å åå
Sødt | Jäätteenmäki | Jüri Ratas | Näkemiin | Mäntsälä | Ultra Bra – Sinä lähdit pois
Zen Café – Todella kaunis | Hän | Yö – Rakkaus on lumivalkoinen | Yö | Ä | Ö | É | à | Über | Für Elise
Für immer | Mädchen | Söhne Mannheims | Böhse Onkelz | Klaus Schulze – Körperlos | Brücke | Fräulein | Schön
Straße | Weiß | Süß | Grüße | Tür | Öl | Übermensch | Gänsehaut | Querbeet – Häschen | Herz über Kopf
Namika – Lieblingsmensch (für dich) | AnnenMayKantereit – Oft gefragt (für immer) | Göteborg | Avicii – Så
Första gången | Håll om mig | Tårar | Sång | Längtan | Ängel | Öppna landskap | Lars Winnerbäck
Ulf Lundell – Öppna landskap | Laleh – Några minuter | Måns Zelmerlöw | Året | Påsk | Där | Çaé | Leçon | Garçon
Ça plane pour moi | Ça ira | François | Françoise | À la folie | Amélie | Léo Ferré
Barbara – L'aigle noir (à mon père) | Bénabar | Téléphone | Étienne Daho | Dalida – Gigi l'amoroso – été | Gaîté
Forêt | Fête | Être | Tête | Même | Noël | Noël Coward | Maïté | Naïf | Zaïre | Citroën | Joël | Raphaël
Ben l'Oncle Soul – Petite sœur | Cœur | Œdipe | Sœur | L'été indien | Où | Là-bas | Voilà | Ma chérie | Chloé
Zoë | Björn | Señorita | Mañana | Niña | Año nuevo | España | El Niño | Corazón | Canción | La canción
Cumpleaños | Ojalá | Quizás | Bésame mucho | Tú | Él | Sí | Qué | Por qué | ¿Por qué? | ¡Viva! | Águila | Ángel
Óscar | Último | Día | Días | Café Quijano | Fito Páez | Andrés Calamaro | Gustavo Cerati – Adiós | Víctor Jara
José José | Rubén Blades | Pedro Navaja – Ahí | Juan Luis Guerra – Ojalá que llueva café | Ozuna – Única
Maluma – Felices los 4 ¡sí! | Bad Bunny – Tití me preguntó | Karol G – Mañana será bonito | João | São Paulo
Não | Coração | Canção | Você | Irmão | Sertão | Pão | Mãe | Avó | Avô | Três | Lisboa à noite | Ninguém
Amanhã | Água | Saudações | Chico Buarque – Construção | Djavan – Flor de lis é | Marisa Monte – Não vá embora
Ivete Sangalo – Quando a chuva passar é | Anitta – Vai malandra é | Perché | Più | Città | Felicità | Così | Sì
È | Già | Può | Lunedì | Gioventù | Volare – Nel blu dipinto di blu è | Albano – Felicità | Måneskin
Måneskin – Torna a casa, è tardi | Caparezza – Verità supposte | Cosa sarà | Caffè | Barça | Cançó
Catalunya – País petit | Pau Casals – El cant dels ocells és | Rock’n’Roll | Don’t Stop | It’s | “Heroes”
‘Round Midnight | Wish You Were Here… | …And Justice | R.E.M. – Man | AC/DC – TNT | 1° | N°5 | Nº 1 | 50¢ | £
€ | ¥€$ | ® | Live™ | © 1984 | ± | M† | † | †‡† | Sunn O)))· | µ-Ziq | µ | ½ | 1½ | 7¼ | 4×4 | 3² | x² | E=mc²
Ÿ | Ýmir | Señor Coconut | Jürgen | Müller | Händel | Köln | Zürich | Dvo?ák é | Béla Bartók | Fauré
Gabriel Fauré – Après un rêve | Saint-Saëns | Camille Saint-Saëns | Poulenc – Léocadia | Bizet – L'Arlésienne
Händel – Süße Stille | Schütz | Schönberg | Götterdämmerung | Tannhäuser | Die Walküre | Die Zauberflöte
Die schöne Müllerin | Träumerei | Lieder ohne Worte für Klavier | Grieg – I Dovregubbens hall – Åse | Åses død
Sæverud | Nielsen – Maskarade – Tåge | Sibelius – Valse triste – Näyttämö | BJÖRK | MÖTLEY CRÜE | BEYONCÉ
SIGUR RÓS | ÉDITH PIAF | DÉJÀ VU | ÄRZTE | MOTÖRHEAD | CAFÉ DEL MAR | ÜBER ALLES | GRÖSSTE HITS | CÉLINE DION
FRANÇOISE HARDY | ÁGUA | CORAÇÃO | ESPAÑA | Ñ | AÑO | ÇA VA | Ékseption | Magnús | Kælan Mikla | Vök | Hjálmar
Sóley | Pétur Ben | Retro Stefson – Glow é | Faïn | Sõpruse | Ülo | Põhja-Tallinn | Tõnis Mägi | Koit – Mägi
Ööülikool | Jääboiler
"""

CENTRAL_EUROPEAN_ALONE = """
Helena Vondráčková | Dlouhá noc | Václav Neckář | Půlnoční | Marta Kubišová | Pražský výběr | Hrabě X
Vladimír Mišík | Stříhali dohola malého chlapečka | Tata Bojs – Toreadorská otázka | Mňága a Žďorp
Hodinový hotel | Buty – František | Aneta Langerová – Voda živá | Zuzana Smatanová
Desmod – Zhorí všetko, čo mám | Horkýže Slíže | Žbirka | Balada o poľných vtákoch | Kocham wolność
Chłopcy z Placu Broni | Stare Dobre Małżeństwo | Czarny blues o czwartej nad ranem – żal
Myslovitz – Długość dźwięku samotności | Anna Jantar – Nic nie może wiecznie trwać
Krzysztof Klenczon – Biały krzyż | Czerwone Gitary – Płoną góry, płoną lasy | Ania Dąbrowska
Tyle słońca w całym mieście | Już nie ma dzikich plaż | Zbigniew Wodecki – Zacznij od Bacha, proszę
Hey – Teksański, [sic!] – będę | Happysad – Zanim pójdę | Kukiz – Całuj mnie | Sarsa – Naucz mnie, że
Kaczmarski – Mury, źródło | Neoton Família – Don Quijote – Szédült város | Kovács Kati – Add már, uram, az esőt!
Máté Péter – Elmegyek, hű | Hobo Blues Band – Közép-európai Hobo Blues | Ákos – Ilyenek voltunk, őszinte
30Y – Bogozd ki, csönd | Szűcs Judit | Charlie – Jég dupla whiskyvel, nézz az ég felé | Dino Merlin – Sve je laž
Zdravko Čolić – Ti si mi u krvi | Riblja Čorba – Kad padne noć | Crvena jabuka – Bježi kišo s prozora
Parni valjak – Sve još miriše na nju | Plavi orkestar – Suada, šta će nama šoferima
Tereza Kesovija – Nono, moj dobri nono, još
"""

TURKISH_ALONE = """
Sıla – Yan Benimle, şimdi | Müzeyyen Senar | Zeki Müren – Şimdi uzaklardasın | Orhan Gencebay – Batsın bu dünya
Athena – Holigan, ağlama | Pinhâni – Ne güzel güldün | Mabel Matiz – Öyle kolaysa | Erkin Koray – Şaşkın
Kenan Doğulu | Aşkım | Sıfır | Gökhan Türkmen – Büyük insan
"""

RUSSIAN_ALONE = """
Тату – Нас не догонят | Виктор Цой | Перемен | Город 312 – Останусь | Полина Гагарина | Дискотека Авария
Иванушки International – Тучи | Руки вверх – Крошка моя | Ночные снайперы – Катастрофически
Смысловые галлюцинации – Вечно молодой | Гражданская оборона – Всё идёт по плану | Булат Окуджава | Любэ – Конь
Хор Турецкого | Оксимирон | Монеточка – Каждый раз | Сектор газа | Технология – Нажми на кнопку
Комбинация – Бухгалтер | Ласковый май | Земля | Мираж | Ветер
"""

CHINESE_ALONE = """
黄家驹 | 罗大佑 | 窦唯 - 高级动物 | 痛仰乐队 - 西湖 | 万能青年旅店 | 逃跑计划 - 夜空中最亮的星 | 孙燕姿 - 遇见
林俊杰 - 江南 | 那英 - 征服 | 李宗盛 - 山丘
"""

JAPANESE_ALONE = """
松任谷由実 - 春よ、来い | 大滝詠一 - 君は天然色 | 電気グルーヴ - 虹 | 小田和正 - ラブ・ストーリーは突然に
井上陽水 - 少年時代 | はっぴいえんど - 風をあつめて | 山下達郎
竹内まりや - プラスティック・ラブ | あいみょん - マリーゴールド | 星野源 - 恋
"""

KOREAN_ALONE = """
이선희 - J에게 | 신중현 - 미인 | 들국화 - 그것만이 내 세상 | 장기하와 얼굴들 - 싸구려 커피
윤하 - 사건의 지평선 | 뉴진스 - 어텐션 | 나훈아 - 테스형
"""

GREEK_ALONE = """
Μαρινέλλα - Καμιά φορά | Νίκος Παπάζογλου | Βασίλης Τσιτσάνης - Συννεφιασμένη Κυριακή | Ρόζα Εσκενάζυ
Κατσιμίχας | Διόνυσος
"""

CODE_PAGES = (
    (WESTERN, ("cp1252", "latin-1")),
    (RUSSIAN, ("cp1251", "koi8-r", "cp866")),
    (UKRAINIAN, ("cp1251", "koi8-u")),
    (BULGARIAN, ("cp1251",)),
    (CZECH_SLOVAK, ("cp1250", "iso8859-2")),
    (POLISH, ("cp1250", "iso8859-2")),
    (HUNGARIAN, ("cp1250", "iso8859-2")),
    (CROATIAN_SLOVENE_ROMANIAN, ("cp1250",)),
    (GREEK, ("cp1253", "iso8859-7")),
    (HEBREW, ("cp1255",)),
    (ARABIC, ("cp1256",)),
    (TURKISH, ("cp1254",)),
    (BALTIC, ("cp1257",)),
    (JAPANESE, ("cp932", "euc-jp")),
    (CHINESE_SIMPLIFIED, ("gbk",)),
    (CHINESE_TRADITIONAL, ("big5",)),
    (KOREAN, ("cp949",)),
    (THAI, ("cp874",)),
)
ALONE_CODE_PAGES = (
    (WESTERN_ALONE, ("cp1252",)),
    (CENTRAL_EUROPEAN_ALONE, ("cp1250", "iso8859-2")),
    (TURKISH_ALONE, ("cp1254",)),
    (RUSSIAN_ALONE, ("cp1251", "koi8-r")),
    (CHINESE_ALONE, ("gbk",)),
    (JAPANESE_ALONE, ("cp932", "euc-jp")),
    (KOREAN_ALONE, ("cp949",)),
    (GREEK_ALONE, ("cp1253",)),
)


def records() -> Iterator[tuple[str, list[str]]]:
    """Yield a code page, and those of a song's artist, title and album that it holds."""
    for lines, code_pages in CODE_PAGES:
        for line in lines.strip().splitlines():
            for code_page in code_pages:
                if texts := [text for text in line.split(" | ") if _holds(code_page, text)]:
                    yield code_page, texts


def single() -> Iterator[tuple[str, str]]:
    """Yield a code page and a text with more than ASCII in it, which stands alone."""
    for lines, code_pages in ALONE_CODE_PAGES:
        for text in lines.strip().replace("\n", " | ").split(" | "):
            for code_page in code_pages:
                if _holds(code_page, text):
                    yield code_page, text


def _holds(code_page: str, text: str) -> bool:
    try:
        return text.encode(code_page).decode(code_page) == text
    except UnicodeEncodeError:
        return False
