"""Who gardens: names from many languages, each with the part of an address before "@", and where they garden."""

from __future__ import annotations

from typing import NamedTuple


class Known(NamedTuple):
    """Somebody with a part of their own in the demo. password: they can be signed in as."""

    key: str
    name: str
    email: str
    title: str = ""
    password: str = ""
    admin: bool = False
    boards: tuple[str, ...] = ()  # of whose team they are


KNOWN = (
    Known("mia", "Mia Lindgren", "mia@demo.example", password="mia-loves-beetroot"),  # noqa: S106 - the demo's, and public
    Known(
        "nadia",
        "Nadia Okafor",
        "nadia@demo.example",
        title="Product manager",
        password="nadia-answers-back",  # noqa: S106 - as above
        boards=("garden-planner", "data-and-tools", "council"),
    ),
    Known(
        "tomas",
        "Tomás Rivera",
        "tomas@demo.example",
        title="Head of product",
        password="tomas-keeps-the-keys",  # noqa: S106 - as above
        admin=True,
    ),
    Known(
        "ingrid",
        "Ingrid Solheim",
        "ingrid@demo.example",
        title="Support lead",
        boards=("garden-planner", "data-and-tools", "council"),
    ),
)

COMPANIES = (
    "Riverside Allotments",
    "Gleisgarten Neukölln",
    "Huerto del Raval",
    "Sankofa Community Farm",
    "Jardins de la Butte",
    "Brick Lane Growers",
    "Orto Comune Bologna",
    "Tuinpark Zonnehoek",
    "Kibera Kitchen Gardens",
    "Harbour City Food Bank",
    "Koloni Solrosen",
    "Nakano Rooftop Farm",
    "Parque Verde Porto",
    "Northside School Gardens",
    "Ogródki Praga",
    "Sunnyside Seed Library",
    "Quinta das Abelhas",
    "Hanoi Balcony Farms",
    "St Anne's Hospice Garden",
    "Mehringplatz Beete",
    "Lakeview Housing Co-op",
    "Terrasses du Vieux-Port",
    "Kaupunkiviljely Kallio",
    "Bostan Kuzguncuk",
    "Sabarmati Terrace Gardens",
    "Te Awa Community Orchard",
    "Prairie Roots Collective",
    "Green Lane Primary School",
    "Zahrada Holešovice",
    "Atelier Compost Liège",
)

# "Name|address" where the name is not written in Latin letters
NAMES = (
    *("Abena Mensah", "Kwame Boateng", "Efua Asante", "Kofi Owusu", "Ama Darko"),
    *("Chidi Eze", "Ngozi Adeyemi", "Tunde Balogun", "Zainab Bello", "Emeka Obi"),
    *("Wanjiru Kamau", "Otieno Ochieng", "Achieng Njoroge", "Baraka Mwangi", "Amina Hassan"),
    *("Hanna Bergström", "Lars Nyberg", "Elsa Sjöberg", "Oskar Ek", "Freja Holm"),
    *("Aino Virtanen", "Eero Mäkinen", "Helmi Korhonen", "Väinö Laine", "Siiri Niemi"),
    *("Jonas Weber", "Lena Schäfer", "Matthias Vogel", "Greta Köhler", "Friedrich Bauer"),
    *("Anneliese Hofer", "Sepp Gruber", "Ursina Caduff", "Beat Zimmermann", "Regula Frei"),
    *("Pieter de Vries", "Sanne Bakker", "Joost van Dijk", "Femke Visser", "Bram Mulder"),
    *("Camille Laurent", "Hugo Marchand", "Élodie Petit", "Théo Garnier", "Manon Faure"),
    *("Aïcha Benali", "Karim Haddad", "Leïla Mansouri", "Yacine Cherif", "Nour Saïdi"),
    *("Lucía Fernández", "Diego Romero", "Carmen Ortega", "Álvaro Iglesias", "Nerea Etxeberria"),
    *("Valentina Rojas", "Mateo Quispe", "Ximena Vargas", "Joaquín Mamani", "Renata Salazar"),
    *("Beatriz Carvalho", "João Pires", "Inês Figueiredo", "Rui Tavares", "Matilde Lopes"),
    *("Thiago Nascimento", "Iracema Souza", "Caetano Barros", "Jussara Lima", "Davi Moreira"),
    *("Giulia Conti", "Matteo Ferri", "Chiara Gallo", "Lorenzo Rinaldi", "Alessia Greco"),
    *("Agnieszka Nowak", "Piotr Zieliński", "Kasia Wójcik", "Bartosz Lewandowski", "Zofia Dąbrowska"),
    *("Jana Dvořáková", "Tomáš Horák", "Eliška Černá", "Ondřej Kříž", "Markéta Veselá"),
    *("Katalin Szabó", "Bence Tóth", "Réka Horváth", "Gergő Nagy", "Dóra Kiss"),
    *("Ioana Popescu", "Andrei Munteanu", "Mihaela Stan", "Radu Dumitrescu", "Bianca Ilie"),
    *("Олена Шевченко|olena.shevchenko", "Тарас Коваль|taras.koval", "Марія Бондар|mariya.bondar"),
    *("Петър Иванов|petar.ivanov", "Мила Георгиева|mila.georgieva", "Јелена Јовановић|jelena.jovanovic"),
    *("Ελένη Παπαδάκη|eleni.papadaki", "Νίκος Βλάχος|nikos.vlachos", "Δήμητρα Ράπτη|dimitra.rapti"),
    *("Ayşe Yılmaz", "Mehmet Demir", "Elif Şahin", "Emre Çelik", "Zeynep Arslan"),
    *("ليلى منصور|layla.mansour", "يوسف الخطيب|yousef.alkhatib", "هدى سليمان|huda.suleiman"),
    *("נועה לוי|noa.levi", "איתן פרץ|eitan.peretz", "Shira Avrahami", "Dariush Karimi", "Parisa Azadi"),
    *("प्रिया शर्मा|priya.sharma", "Arjun Patel", "Meera Iyer", "Rohan Deshmukh", "Lakshmi Nair"),
    *("Farhana Akter", "Imran Chowdhury", "Nusrat Jahan", "Dilan Perera", "Tharushi Silva"),
    *("王小雨|wang.xiaoyu", "李明|li.ming", "陈思远|chen.siyuan", "林佳怡|lin.jiayi", "張家豪|zhang.jiahao"),
    *("佐藤 陽菜|sato.haruna", "鈴木 健|suzuki.ken", "田中 美咲|tanaka.misaki", "Aiko Fujimoto", "Ren Takeda"),
    *("김서연|kim.seoyeon", "박지훈|park.jihoon", "이하은|lee.haeun", "Minjun Choi", "Yuna Jung"),
    *("Nguyễn Thị Lan", "Trần Minh Đức", "Phạm Thu Hà", "Lê Quang Huy", "Võ Ngọc Mai"),
    *("สมชาย ใจดี|somchai.jaidee", "Malee Srisuk", "Wayan Suardana", "Dewi Lestari"),
    *("Maria Clara Santos", "Jose Reyes", "Liwayway Cruz", "Siti Nurhaliza Rahman", "Hafiz Ismail"),
    *("Aroha Ngata", "Wiremu Parata", "Hine Tamihana", "Mele Fonua"),
    *("Olivia Whitfield", "Harry Pemberton", "Siobhán Kelly", "Rhys Llewellyn", "Isla MacLeod"),
    *("Jasmine Carter", "Marcus Freeman", "Dolores Whitehorse", "Grace Kowalczyk"),
    *("Nathan Leblanc", "Simone Achterberg"),
    *("Guðrún Jónsdóttir", "Sigurður Helgason", "Liis Tamm", "Rasa Petrauskienė", "Jānis Ozols"),
    *("Mirjeta Hoxha", "Luka Horvat", "Ana Kovačič", "Davit Gelashvili", "Anahit Sargsyan"),
    *("Aisulu Nurlanova", "Bolormaa Batbayar", "Tenzin Dolma", "Sunita Gurung", "Fatoumata Diallo"),
    *("Mamadou Traoré", "Awa Ndiaye", "Lindiwe Dlamini", "Sipho Nkosi", "Tiana Rakoto"),
    *("Selamawit Tesfaye", "Abdi Warsame", "Rania Khoury", "Tariq Aziz Malik", "Sana Qureshi"),
)
