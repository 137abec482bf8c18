//! Cities of the United States, with the states they are in. Tables only.

/// Cities so large that their name alone means them, and another state's is a mistake or another place.
pub(super) const METROPOLES: &str = "\
    atlanta GA|austin TX|baltimore MD|boise ID|boston MA|brooklyn NY|bronx NY|chattanooga TN|chicago IL|cincinnati OH|\
    cleveland OH|colorado springs CO|dallas TX|denver CO|des moines IA|detroit MI|el paso TX|fort lauderdale FL|\
    fort wayne IN|fort worth TX|fresno CA|grand rapids MI|honolulu HI|houston TX|indianapolis IN|las vegas NV|\
    los angeles CA|louisville KY|memphis TN|miami FL|milwaukee WI|minneapolis MN|mobile AL|nashville TN|new orleans LA|\
    new york NY|oklahoma city OK|omaha NE|orlando FL|philadelphia PA|phoenix AZ|pittsburgh PA|raleigh NC|sacramento CA|\
    salt lake city UT|san antonio TX|san diego CA|san francisco CA|san jose CA|seattle WA|spokane WA|tampa FL|\
    tucson AZ|tulsa OK|washington DC";

/// Other cities, with the states that have a well-known one of the name.
pub(super) const CITIES: &str = "\
    abilene TX KS|akron OH|alameda CA|albany NY GA OR|albuquerque NM|alexandria VA LA|alhambra CA|allen TX|allentown PA|\
    alpharetta GA|amarillo TX|ames IA|anaheim CA|anchorage AK|anderson IN SC|ann arbor MI|antioch CA|apex NC|\
    apple valley CA|appleton WI|arlington TX VA|arlington heights IL|arvada CO|asheville NC|athens GA OH|atlantic city NJ|\
    auburn WA AL ME|augusta GA ME|aurora CO IL|avondale AZ|bakersfield CA|baldwin park CA|bangor ME|baton rouge LA|battle creek MI|\
    bayonne NJ|baytown TX|beaumont TX|beaverton OR|bellevue WA NE|bellflower CA|bellingham WA|bend OR|berkeley CA|\
    bethlehem PA|billings MT|biloxi MS|binghamton NY|birmingham AL|bismarck ND|bloomington IL IN MN|boca raton FL|\
    bolingbrook IL|bossier city LA|boulder CO|bowling green KY OH|boynton beach FL|bradenton FL|bridgeport CT|bristol CT TN|brockton MA|\
    broken arrow OK|broomfield CO|brownsville TX|bryan TX|buena park CA|buffalo NY|buffalo grove IL|burbank CA|burlington VT NC NJ|burnsville MN|\
    caldwell ID|camarillo CA|cambridge MA|camden NJ|canton OH MI|cape coral FL|cape girardeau MO|carlsbad CA|carmel IN|carrollton TX|carson CA|carson city NV|\
    cary NC|casper WY|cathedral city CA|cedar park TX|cedar rapids IA|champaign IL|chandler AZ|chapel hill NC|charleston SC WV|charlotte NC|\
    charlottesville VA|cheektowaga NY|chesapeake VA|cheyenne WY|chico CA|chicopee MA|chino CA|chino hills CA|chula vista CA|\
    cicero IL|citrus heights CA|clarksville TN IN|clearwater FL|clifton NJ|clovis CA NM|coconut creek FL|coeur dalene ID|college station TX|colton CA|\
    columbia SC MO MD|columbus OH GA IN|commerce CA|commerce city CO|compton CA|concord CA NC NH|conroe TX|coon rapids MN|coral springs FL|corona CA|\
    corpus christi TX|corvallis OR|costa mesa CA|council bluffs IA|covington KY|cranston RI|cypress CA|dalton GA|daly city CA|danbury CT|danville VA IL|\
    davenport IA|davie FL|davis CA|dayton OH|daytona beach FL|dearborn MI|dearborn heights MI|decatur IL AL GA|deerfield beach FL|\
    delray beach FL|deltona FL|denton TX|des plaines IL|diamond bar CA|doral FL|dothan AL|dover DE|downey CA|dublin OH CA|dubuque IA|duluth MN|\
    durham NC|eagan MN|east chicago IN|east lansing MI|east orange NJ|east point GA|east st louis IL|eau claire WI|eden prairie MN|edinburg TX|edison NJ|edmond OK|el cajon CA|\
    el monte CA|elgin IL|elizabeth NJ|elk grove CA|elk grove village IL|elkhart IN|elyria OH|encinitas CA|enid OK|enterprise AL|erie PA|escondido CA|euclid OH|\
    eugene OR|evanston IL|evansville IN|everett WA|fairfield CA OH|fall river MA|fargo ND|farmington NM|farmington hills MI|fayetteville NC AR|\
    federal way WA|findlay OH|fishers IN|flagstaff AZ|flint MI|florence SC KY AL|florissant MO|flower mound TX|folsom CA|fontana CA|fort collins CO|fort myers FL|fort smith AR|\
    fountain valley CA|framingham MA|franklin TN|frederick MD|fremont CA|frisco TX|fullerton CA|gainesville FL GA|gaithersburg MD|galveston TX|\
    garden grove CA|gardena CA|garland TX|gary IN|gastonia NC|georgetown TX|gilbert AZ|glendale AZ CA|glendora CA|goodyear AZ|grand forks ND|\
    grand island NE|grand junction CO|grand prairie TX|grapevine TX|great falls MT|greeley CO|green bay WI|greensboro NC|greenville SC NC|gresham OR|gulfport MS|\
    hackensack NJ|hagerstown MD|hamilton OH|hammond IN|hampton VA|hanford CA|harlingen TX|harrisburg PA|hartford CT|hattiesburg MS|haverhill MA|hawthorne CA|hayward CA|hazleton PA|\
    hemet CA|henderson NV|hesperia CA|hialeah FL|hickory NC|high point NC|hillsboro OR|hoboken NJ|hollywood FL|holland MI|holyoke MA|homestead FL|hoover AL|huntersville NC|\
    huntington beach CA|huntington park CA|huntington WV|huntsville AL|hutchinson KS|idaho falls ID|independence MO|indio CA|industry CA|inglewood CA|iowa city IA|irvine CA|\
    irving TX|jackson MS TN MI|jacksonville FL|janesville WI|jefferson city MO|jersey city NJ|johns creek GA|johnson city TN|joliet IL|jonesboro AR|joplin MO|jupiter FL|jurupa valley CA|\
    kalamazoo MI|kankakee IL|kansas city MO KS|kearney NE|kenner LA|kennewick WA|kenosha WI|kent WA|kettering OH|killeen TX|kingsport TN|kirkland WA|kissimmee FL|knoxville TN|\
    kokomo IN|la crosse WI|la habra CA|la mesa CA|lacey WA|lafayette LA IN|laguna niguel CA|lake charles LA|lake forest CA|lakeland FL|lakewood CO CA OH|lancaster CA PA|\
    lansing MI|laredo TX|largo FL|las cruces NM|lauderhill FL|lawrence KS MA|lawrenceville GA|lawton OK|layton UT|league city TX|lebanon PA TN|lees summit MO|lehi UT|lenexa KS|lewiston ME ID|lewisville TX|lexington KY|\
    lima OH|lincoln NE|little rock AR|livermore CA|livonia MI|logan UT|long beach CA|long island NY|longmont CO|longview TX WA|lorain OH|loveland CO|lowell MA|lubbock TX|lynchburg VA|\
    lynn MA|lynwood CA|macon GA|madera CA|madison WI AL|malden MA|manchester NH|manhattan NY KS|mansfield TX OH|manteca CA|maple grove MN|marietta GA|margate FL|marion IN OH|mcallen TX|mckinney TX|\
    medford OR MA|melbourne FL|menifee CA|mentor OH|merced CA|meriden CT|meridian ID MS|mesa AZ|mesquite TX|miami beach FL|miami gardens FL|middletown OH CT|midland TX MI|milpitas CA|minot ND|\
    miramar FL|mishawaka IN|mission TX|mission viejo CA|missoula MT|missouri city TX|modesto CA|moline IL|monroe LA MI|montebello CA|monterey park CA|montgomery AL|moreno valley CA|\
    morgantown WV|mount pleasant SC MI|mount prospect IL|mount vernon NY|mountain view CA|muncie IN|murfreesboro TN|murrieta CA|muskegon MI|muskogee OK|nampa ID|napa CA|naperville IL|naples FL|nashua NH|\
    national city CA|new bedford MA|new braunfels TX|new britain CT|new haven CT|new rochelle NY|newark NJ DE CA|newport beach CA|newport news VA|newton MA|norfolk VA|\
    normal IL|norman OK|north charleston SC|north las vegas NV|north little rock AR|north miami FL|north port FL|norwalk CA CT|novato CA|novi MI|\
    oak lawn IL|oak park IL|oakland CA|oceanside CA|ocala FL|odessa TX|ofallon MO IL|ogden UT|olathe KS|olympia WA|ontario CA|orange CA|orem UT|oshkosh WI|overland park KS|owensboro KY|\
    oxnard CA|palatine IL|palm bay FL|palm beach FL|palm springs CA|palmdale CA|palo alto CA|panama city FL|parma OH|pasadena CA TX|pasco WA|passaic NJ|paterson NJ|pawtucket RI|peabody MA|\
    pearland TX|pembroke pines FL|pensacola FL|peoria IL AZ|perris CA|perth amboy NJ|petaluma CA|pharr TX|pico rivera CA|pine bluff AR|pittsburg CA KS|placentia CA|plano TX|plantation FL|pleasanton CA|\
    plymouth MN MA|pocatello ID|pomona CA|pompano beach FL|pontiac MI|port arthur TX|port st lucie FL|portland OR ME|portsmouth VA NH|poughkeepsie NY|providence RI|provo UT|pueblo CO|\
    queens NY|quincy MA IL|racine WI|rancho cordova CA|rancho cucamonga CA|rapid city SD|reading PA|redding CA|redlands CA|redmond WA|redondo beach CA|redwood city CA|reno NV|renton WA|\
    rialto CA|richardson TX|richland WA|richmond VA CA IN|rio rancho NM|riverside CA|riverview FL|roanoke VA|rochester NY MN|rochester hills MI|rock hill SC|rock island IL|rockford IL|rocklin CA|rockville MD|\
    rocky mount NC|rogers AR|romeoville IL|romulus MI|rosemead CA|roseville CA MI|roswell GA NM|round rock TX|royal oak MI|saginaw MI|salem OR MA|salina KS|salinas CA|san angelo TX|san bernardino CA|san clemente CA|\
    san leandro CA|san marcos CA TX|san mateo CA|san rafael CA|san ramon CA|sandusky OH|sandy springs GA|sandy UT|sanford FL NC|santa ana CA|santa barbara CA|santa clara CA|santa clarita CA|\
    santa cruz CA|santa fe NM|santa maria CA|santa monica CA|santa rosa CA|sarasota FL|savannah GA|schaumburg IL|schenectady NY|scottsdale AZ|scranton PA|sheboygan WI|\
    shawnee KS|sherman TX|shreveport LA|simi valley CA|sioux city IA|sioux falls SD|skokie IL|smyrna GA TN|somerville MA|south bend IN|south gate CA|south san francisco CA|southaven MS|southfield MI|sparks NV|spartanburg SC|\
    spokane valley WA|spring hill FL|springdale AR|springfield IL MO MA OH OR|st charles MO IL|st clair shores MI|st cloud MN|st george UT|st joseph MO|st louis MO|st paul MN|st petersburg FL|stamford CT|\
    staten island NY|sterling heights MI|stockton CA|suffolk VA|sugar land TX|sunnyvale CA|sunrise FL|surprise AZ|syracuse NY|tacoma WA|tallahassee FL|tamarac FL|taunton MA|taylor MI|\
    temecula CA|tempe AZ|temple TX|terre haute IN|texarkana TX AR|thornton CO|thousand oaks CA|tinley park IL|toledo OH|tonawanda NY|topeka KS|torrance CA|tracy CA|trenton NJ|troy MI NY|turlock CA|tuscaloosa AL|tustin CA|twin falls ID|\
    tyler TX|union city CA NJ|upland CA|utica NY|vacaville CA|valdosta GA|vallejo CA|vancouver WA BC|ventura CA|vernon CA|victoria TX|victorville CA|vineland NJ|virginia beach VA|\
    visalia CA|vista CA|waco TX|waltham MA|warner robins GA|warren MI OH|warwick RI|waterbury CT|waterloo IA|watsonville CA|waukegan IL|waukesha WI|wausau WI|west allis WI|west covina CA|\
    west des moines IA|west haven CT|west jordan UT|west palm beach FL|west sacramento CA|west valley city UT|westland MI|westminster CO CA|wheaton IL|wheeling WV|white plains NY|whittier CA|wichita KS|wichita falls TX|wilkes barre PA|\
    williamsport PA|wilmington DE NC|winston salem NC|woodbridge NJ VA|worcester MA|wyoming MI|yakima WA|yonkers NY|york PA|yorba linda CA|youngstown OH|ypsilanti MI|yuba city CA|yuma AZ|zanesville OH|toronto ON|montreal QC";

/// What else cities are called.
pub(super) const NICKNAMES: &[(&str, &str)] = &[
    ("nyc", "new york"),
    ("new york city", "new york"),
    ("atl", "atlanta"),
    ("philly", "philadelphia"),
    ("vegas", "las vegas"),
    ("nola", "new orleans"),
    ("indy", "indianapolis"),
    ("cincy", "cincinnati"),
    ("okc", "oklahoma city"),
    ("slc", "salt lake city"),
    ("san fran", "san francisco"),
    ("chi town", "chicago"),
    ("jax", "jacksonville"),
    ("nash", "nashville"),
    ("phx", "phoenix"),
    ("st pete", "st petersburg"),
    ("the bronx", "bronx"),
    ("washington dc", "washington"),
    ("ft lauderdale", "fort lauderdale"),
    ("ft worth", "fort worth"),
    ("abq", "albuquerque"),
    ("mpls", "minneapolis"),
    ("pgh", "pittsburgh"),
    ("stl", "st louis"),
    ("dtw", "detroit"),
];

/// Nicknames that are cities only where a place is expected, and in capitals.
pub(super) const INITIALS: &[(&str, &str)] = &[
    ("la", "los angeles"),
    ("sf", "san francisco"),
    ("dc", "washington"),
    ("kc", "kansas city"),
    ("sd", "san diego"),
];

/// Cities whose names are ordinary words: they count where a place is expected or a state follows.
pub(super) const WORDS: &[&str] = &[
    "allen",
    "anderson",
    "apex",
    "bend",
    "bryan",
    "carson",
    "commerce",
    "compton",
    "concord",
    "corona",
    "cypress",
    "davis",
    "enterprise",
    "fishers",
    "franklin",
    "frederick",
    "florence",
    "gilbert",
    "hickory",
    "high point",
    "homestead",
    "hoover",
    "independence",
    "industry",
    "kent",
    "largo",
    "lebanon",
    "lima",
    "logan",
    "lynn",
    "marion",
    "mentor",
    "mission",
    "mobile",
    "monroe",
    "mountain view",
    "nash",
    "newton",
    "normal",
    "orange",
    "plantation",
    "reading",
    "richardson",
    "riverview",
    "rogers",
    "sandy",
    "sparks",
    "spring hill",
    "surprise",
    "taylor",
    "temple",
    "tracy",
    "tyler",
    "union city",
    "upland",
    "vernon",
    "victoria",
    "vista",
    "warren",
    "york",
    "sunrise",
    "sherman",
    "holland",
    "hollywood",
    "jupiter",
    "meridian",
    "wheeling",
    "bristol",
];
