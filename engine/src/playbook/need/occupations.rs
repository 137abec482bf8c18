//! Words of occupations: those that a title can end in, and those that tell one such title from another.
//!
//! Tables only. They are the words that recur in the titles of O*NET 27.0 (U.S. Department of Labor), less those that say
//! something else more often, and with a few of the staffing trade. A role need not be in them to be
//! understood: they help where syntax alone would not.

/// What titles end in: the word that says what somebody does.
pub(super) const HEADS: &str = "abstractor accessioner accompanist accountant activist actor actuary acupuncturist adjudicator adjuster \
     adjustor administrator adviser advisor advocate aerodynamicist agent agronomist aide aircrewman airman \
     alderman aligner allergist ambassador analyst anatomist anchor anesthesiologist anesthetist \
     angiographer animator annealer announcer anthropologist applicator applier appliquer appraiser \
     apprentice approver arbitrator arborist archaeologist archer architect archivist arranger artist \
     assayer assembler assessor assigner assistant associate assorter astronomer astrophysicist attacher \
     attendant attorney auctioneer audiologist auditor authorizer autographer babysitter backer backtender \
     bacteriologist bagger bailer bailiff baker balancer baler baller bander banker barber barista barker \
     bartender baster batcher bather beader beamer bearer beater beautician beekeeper behaviorist bellhop \
     bellman bender beveler bicyclist biller binder biochemist biologist biostatistician blacker blancher \
     blanker blaster bleacher blender blocker blogger blower bluer boarder boatman boilermaker bolter bonder \
     bondsman boner booker bookkeeper borer boss botanist bottler bouncer bowler boxer bracer bradder \
     braider brakeman braker brander brazer brazier breaker breaster breeder brewer bricklayer broacher \
     broadcaster broker brusher bucker buckler builder bulker buncher bundler burler burner burnisher burrer \
     busser buster butcher butler butter buyer cabinetmaker cableman cager calciner calibrator calker caller \
     cameraman caner canner cantor canvasser capper captain carbonizer carder cardiologist caregiver \
     caretaker carman carpenter carrier cartographer cartoonist carver caser caseworker cashier caster \
     cataloger cataloguer catcher caterer caulker ceiler cementer censor ceramist certifier chainer chalker \
     chancellor changer channeler chaplain charger chaser chauffeur checker chef chemist cheniller chief \
     chipper chiropractor chopper choreographer chucker clammer clamper classer classifier cleaner clearer \
     cleaver clerk climber clinician clipper closer clothier cna coach coater cobbler coder coiler collator \
     collector colorer colorist columnist comber comedian commander commentator commissioner communicator \
     compiler composer compositor compounder comptroller concierge conciliator conductor conservationist \
     conservator constructor consultant contractor controller cook cooker cooper coordinator copyist \
     copywriter coremaker coroner corrector correspondent corrugator corsetier councilman counselor coupler \
     courier coverer crabber crafter craftsman creator creeler crewman crewmember crier crimper crocheter \
     crosscutter crusher csr cuffer culler cultivator culturist curator curer curler custodian customizer \
     cutter cyclist cytotechnologist dancer dauber deadener dealer debeader debeaker deboner deburrer \
     deckhand deckman decorator defender degreaser deliverer demonstrator dentist deputy dermatologist \
     derrickman designer detailer detasseler detective detonator developer diagnostician dietician dietitian \
     digger dipper director dishwasher dismantler dispatcher dispenser displayer distiller distributor \
     ditcher diver doctor doffer dogger dosimetrist doubler doula drafter draftsman drainer draper draughter \
     dredger dresser dressmaker driller driver dropper drummer drywaller dumper duster dyer dynamicist \
     ecologist economist edger editor educator electrician embalmer embosser embroiderer emt enameler \
     endocrinologist engineer engineman engraver enlarger entertainer enumerator environmentalist \
     epidemiologist equalizer eradicator erector ergonomist escort esthetician estimator etcher etiologist \
     evaluator eviscerator examiner excavator executive exhibitor expediter expeditor expert exporter \
     exterminator extractor extruder fabricator facer facilitator farmer farmhand farmworker feeder feller \
     fellow fermenter fieldhand fighter filer filler filleter filterer finder finisher firefighter fireman \
     firer fisher fisherman fitter fixer flagger flagman flanger flesher flipper floater floorhand \
     floorperson florist flumer flusher fluxer folder follower forecaster foreman forester forewoman forger \
     forker formulator forwarder framer frazer freezer fryer fueler fumigator fundraiser furrer furrier \
     fuser galvanizer gardener gasfitter gateman gatherer gauger generalist geneticist geographer geologist \
     geophysicist gigger gilder ginner girdler glazer glazier gluer golfer gouger grader grainer greaser \
     greeter grinder groomer groover groundman groundskeeper grower guard guide gummer gunner gunsmith \
     gynecologist hackler hammerer handicapper handler handyman hanger hanker hardener harvester hauler \
     headman healer helper hemmer herbalist herder hewer hha hiker historian histotechnologist hobber holder \
     hooper hopper hoseman hospitalist host hostess hostler housekeeper houseman huller hunter husbandman \
     hydrogeologist hydrologist hygienist icer identifier illustrator imager immunologist impregnator \
     infantryman informaticist injector inker innkeeper inseminator inserter inspector installer instructor \
     insulator integrator internist interpreter interventionist interviewer investigator investor ironer \
     ironworker irrigator jacker janitor jeweler jogger joiner jointer journalist journeyman judge keeper \
     knitter knocker knotter labeler laborer labourer lacer laminator landscaper lapper laster lather \
     launderer lawyer layer lead leader leaser lecturer legislator lender letterer leveler leverman \
     librarian lieutenant lifeguard lifter lineman liner linesman lineworker linguist linker lister \
     lithographer loader loadmaster locater locator locksmith loftsman logger longshoreman looper lpn \
     lubricator lugger lumper lvn lyricist machinist maid maintainer maintenanceman maker manager mangler \
     manufacturer mapper mariner marker marketer marshal masker mason mate mathematician measurer mechanic \
     mechanist mediator medic melter mender merchandiser merchant messenger metallurgist metalsmith \
     meteorologist methodologist microbiologist microscopist midwife milker miller millwright miner mixer \
     modeler molder monitor mortician motorman moulder mounter mover mucker musician nailer nanny naturalist \
     navigator needleworker negotiator neurologist neuropsychologist neuroradiologist neutralizer normalizer \
     notcher nozzleman nurse nutritionist observer oceanographer offbearer officer oiler oncologist opaquer \
     opener operator ophthalmologist optician optometrist orchestrator orderly organist organizer originator \
     orthodontist orthopedist orthoptist orthotist outfitter overhauler packager packer padder painter \
     pairer paleontologist palletizer paneler panner parachutist paraeducator paralegal paramedic \
     paraprofessional parasitologist parer parker paster pasteurizer pastor patcher pathologist patroller \
     patrolman patternmaker paver paymaster pct peddler pediatrician pedorthist peeler pegger pelletizer \
     percher performer perfumer pharmacist pharmacologist phlebotomist photogrammetrist photographer \
     photojournalist physiatrist physician physicist physiologist pianist picker pickler piecer piercer \
     piler pilot pinker pinner pipefitter pipelayer pipeman pitcher pitman placer planer planner planter \
     plasterer platemaker plater player pleater plotter plugger plumber podiatrist pointer police polisher \
     porter potter pouncer pourer practitioner preceptor preparator preparer prepper preservationist presser \
     pressman pricer pricker principal prizer processor proctor producer professional professor profiler \
     programmer projectionist promoter proofer proofreader propagator prospector prosthetist prosthodontist \
     protector prover provider pruner psychiatrist psychologist psychometrist psychotherapist publicist \
     publisher puddler pugilist puller pulmonologist pulper pulverizer pumper puncher purchaser purser \
     pusher quilter racer racker radiographer radiologist raiser raker rampman rancher ranger rater reader \
     reamer rebuilder recapper receiver receptionist reclaimer reconditioner recorder recordist recoverer \
     recruiter rectifier reducer reeler referee refiner refinisher refueler registrar regulator \
     rehabilitator reinforcer reliner remover renderer renovator repairer repairman repatcher replacer \
     reporter repossessor representative reprocessor reproducer rescuer researcher reservationist responder \
     respooler restorer retailer retoucher retreader reverser reviewer rewinder reworker rider rigger ringer \
     riveter rn roadmaster roaster roboticist rocker rodbuster rodman roentgenologist roller roofer roper \
     rougher rounder routeman router ruler runner sacker sailor salesman salesperson salter salvager sampler \
     sandblaster sander sanitarian sanitizer sawyer scaffolder scalder scaleman scaler scanner scheduler \
     scientist scooper scorekeeper scorer scourer scraper scrapper scratcher screener screwmaker scrubber \
     sculptor sealer seaman seamer seamstress searcher seasoner secretary seiner selector seller sensitizer \
     separator sergeant servant server serviceman servicer setter sewer sexer shader shagger shaker shanker \
     shaper sharpener shaver shearer sheeter sheller shelver sheriff shifter shipfitter shipper shooter \
     shopper shorer shoveler shover showman shredder shrinker shucker sifter signaler signalman silverer \
     silversmith singer sitter sizer skateboarder skater skier skimmer skinner skiver slagman slaker slasher \
     slaughterer slicer slinger slitter smelter smith smoker smoother snaker snapper sniper snipper \
     snowboarder soaker sociologist softener solderer solicitor soloist sommelier sonographer sorter sourer \
     sous specialist specker spectroscopist speculator spinner splicer splitter sponger spooler sportscaster \
     spotter spouter sprayer spreader spudder stacker stagehand stager stainer staker stamper starcher \
     statistician steamer steamfitter stemmer stenciler stenographer sterilizer stevedore steward stewardess \
     sticker stiffener stitcher stocker stockman stoker stonecutter stoner storekeeper storer stower \
     straightener strainer strander strapper strategist striker stringer striper stripper structurer stuffer \
     stylist subassembler superintendent supervisor supplier surfacer surfer surgeon surveyor swabber swager \
     swamper sweeper swimmer switcher switchman tableman tacker tagger tailer tailor taker tallier tamer \
     tamper tankerman tanner taper tapper taster taxonomist teacher teamster tech technician technologist \
     telegrapher telemarketer teller temperer tender tester therapist thinner threader thresher thrower \
     tightener tiler tinter tipper toggler tonger tooler topper topstitcher tosser toxicologist tracer \
     tracker trackman trader trainer trammer transcriber transcriptionist transferrer translator \
     transplanter transporter trapper trawler treasurer treater treer trimmer tripper trooper troubleshooter \
     trucker truer tufter tuner turner tutor twister typesetter typist ultrasonographer underwriter unhairer \
     unloader upfitter upholsterer urologist usher vaccinator valet valver varnisher vendor verifier \
     veterinarian videographer voicer vulcanizer waiter waitress waitstaff walker warden warehouseman warper \
     washer watcher watchman waxer weaver webmaster wedger weeder weigher weighmaster welder wharfinger \
     wheeler wicker winder wiper wireman wirer woodworker wrangler wrapper wrecker wrestler wringer writer \
     yardman zookeeper";

/// What stands before such a word and makes another occupation of it.
pub(super) const MODIFIERS: &str = "abrasive absorption abuse academic access accessories account accounting accounts acetylene acid \
     acoustical acquisition acquisitions action activities activity actuarial acute adapted address adjunct \
     adjustment administration administrative admissions admitting adoption adult advanced advertising \
     aerial aeronautical aerospace affairs agency agricultural agriculture agronomy aid aided aides air \
     airborne aircraft airframe airline airplane airport alarm alcohol alignment alley alterations \
     alternative aluminum ambulance ammonia ammunition amusement analysis analytical analytics anatomy \
     anesthesia angle animal annealing anode antenna anthropology anti antique antisubmarine aoc apartment \
     apparatus apparel appeals appellate apple appliance appliances application applications applied \
     aquaculture aquatic arc architectural architecture armament armature armor armored art artificial \
     artillery arts asbestos ash asphalt assault assembling assembly assessment asset assistance assurance \
     athletic atomic attack audio audit auto automated automatic automation automobile automotive auxiliary \
     aviation avionics awning back backhoe bag baggage bakery balance bale ball ballet balloon band bank \
     banking banquet bar barback barge bark barn barrel base baseball basic basket basketball batch bath \
     battery bead beam bean bearing beauty bed bee beef behavior behavioral bell belt bench bending benefits \
     bevel beverage bicycle bike bill billet billing bin bindery binding bingo biochemistry biodiesel \
     biofuels bioinformatics biological biology biomass biomedical bit black blade blanket blast blasting \
     bleach blending blind block blockchain blood blow blueprint board boards boat bobbin bobcat body boiler \
     bolt bond bonding bone book booking boom boomlift booster boot booth border bore boring bottle bottling \
     bottom bow bowling box boxing braille brake branch brand brass brazing bread breakdown breast brick \
     bridge brim brine broadcast broke brokerage broom brush bucket buckle budget buffing buggy bulb bulk \
     bull bulldozer bullet bundle burr bus business button cab cabin cabinet cable cad cadd cafeteria cage \
     cake calender calibration call camera camp campaign campus can canal candle candy cane canine canvas \
     cap car carbon card cardiac cardiology cardiovascular cardroom care career cargo carpet carriage cart \
     cartographic carton cartridge case cash casing casino casket cast casting cat catalyst catering \
     catheterization cattle caustic cdl ceiling cell cellar cellophane cellular cement cemetery center \
     central centrifugal ceramic chain chainstitch chair change channel char charge charging chart charter \
     check cheese chemical chemicals chemistry chicken child childcare childhood children chimney chip choir \
     christian chrome chronometer church churn chute cigar cigarette cinder circuit circular circulation \
     circus civil claims clam class classification classroom clay cleaning clearing clerical climate clinic \
     clinical clip clock closing cloth clothes clothing club clutch cnc coal coat coating cocoa code coding \
     coffee coil coin coke cold collar collection collections college collision color coloring combat \
     combatant combination combustion comic commerce commercial communication communications community \
     compensation complaint compliance component components composition compound compressed compressor \
     computational computed computer concrete condenser conditioner conditioning conduit cone conference \
     conservation console construction consulting consumer contact container content continuity continuous \
     contract contracts control controlled controls convention conversion converter conveyor cooking cooler \
     cooling copper copy core cork corn corner corporate correctional corrections correspondence corrosion \
     cosmetic cost costume cotton council counseling counter counterintelligence course court cover covering \
     cow crab craft crafts crane cream creative credit crew crib crime criminal critical crop crops cross \
     crossing crown cruise cryptologic crystal cuff culinary cup cupola curing curriculum curtain cushion \
     custodial custom customer customs cut cutting cyber cybersecurity cylinder dairy dam damage dance data \
     database daycare deck decorating deep defense deicer deli delivery demand demolition dental denture \
     department deposit derrick design desk desktop destructive detector detention development developmental \
     device diagnostic dial dialysis diamond dice die diesel diet dietary digester digital dining dinkey dip \
     direct directional directory disabilities disability disaster disc discharge disease dish disk dispatch \
     display disposal distillery distribution ditch division dock document documentation dog doll domestic \
     donor door dope double dough dowel drafting drag drain dramatic drapery draw drawer drawing dredge \
     dress dressing drier drill drilling driving drone drop drug drum dry dryer drying drywall duct dump \
     duplicating dust duty dye dyeing dynamite earth economic economics edge edging education educational \
     eeg effects efficiency egg elastic electric electrical electro electromechanical electron electronic \
     electronics element elementary elevator eligibility embossing embroidery emergency emissions ems enamel \
     end energy enforcement engine engineering engraving enrollment enterprise entertainment entry envelope \
     environmental equipment er escrow estate evaluation event events evidence exchange exercise exhibit \
     exploration explosive explosives export extension exterior extinguisher extruding extrusion eye \
     eyeglass fabric fabricating fabrication face factory faculty family farm farming fashion fastener \
     feather federal feed felt fence ferry fertilizer fiber fiberglass field filament file filling film \
     filter final finance financial fine fingerprint finish finishing fire fiscal fish fisheries fishing \
     fitness fixed fixture flame flask flat fleet flight floor flooring floral flour flow flower fluid flume \
     fly foam folding food foot football force forces foreign forensic forest forestry forge forging \
     forklift form forming formula foundation foundry fountain frame frames framing fraud freelance freight \
     front fruit fry fuel fulfillment full fund fundraising funeral fur furnace furniture fuse gambling game \
     games gaming gang garage garbage garden garment gas gasoline gate gathering gauge gear general \
     generating generation generator genetic genetics geodetic geographic geography geological geophysical \
     geospatial geotechnical geothermal geriatric gis glass glaze global glove glue gluing gold golf goods \
     government grab grade grading graduate grain granite grant graphic graphics gravel gravity grease green \
     greenhouse greens grey grid grill grinding grocery ground grounds group guest guidance guitar gum gun \
     gutter gwot habitat hair hairspring hall ham hammer hand handle handling hands harbor hard hardware \
     hardwood harness harvest hat hatchery haul hay hazardous head header heading health healthcare hearing \
     hearth heat heater heating heavy heel help hide highway hilo histology history hog hogshead hoist hole \
     home hooker hoop hop horizontal horse horticultural horticulture hose hosiery hospice hospital hot \
     hotel house household housekeeping housing human husbandry hvac hydraulic hydro hydroelectric hygiene \
     ice icu identification image imaging immigration impaired import improvement independent induction \
     industrial industry infant infantry informatics information infrastructure ingot injection ink inside \
     insole inspection installation institution institutional instruction instructional instrument \
     instrumentation instruments insulation insurance integrated integration intelligence intensive \
     interactive intercept interface interior interlocking internal international internet intervention \
     interventional inventory investigative investment iron irrigation jack jacquard java jet jewel jewelry \
     jig joint judicial juice jumpbasting junior justice juvenile kennel keno kettle key keyboard kier kiln \
     kindergarten kitchen knife knitting lab label labor laboratory lace ladle laminating lamination lamp \
     land landfill landing landscape landscaping language languages lap laser lathe launch launching laundry \
     law lawn lay layout leaf leak learning lease leasing leather legal lending lens letter level lever \
     liaison library license licensing life lift light lighting lime line linen lines lining link linoleum \
     linseed lip liquid liquor literacy literature lithograph lithographic litigation livestock load loading \
     loan lock lockstitch locomotive log logging logistics longwall loom loss lube lubricating lumber lump \
     lunchroom machine machinery machines magazine magnetic mail mailing mainspring maintenance makeup \
     making malt management mannequin manual manufacturing map mapping marble marine maritime market \
     marketing marking marriage mash mask masonry massage master mat material materials math mathematical \
     mathematics matrix mattress maxillofacial meal measurement meat mechanical media medical medicine melt \
     membership mental merchandise mesh metal metallurgical meter methods mica microbiology microfilm \
     microwave middle mig military milk mill millinery milling mine mineral mining ministry mirror missile \
     mission miter mix mixing mobile mobility model modeling mold molded molding molecular money monitoring \
     monorail monument mop mortar mortgage moss motel motion motor motorcycle motors movie moving mower mud \
     mule multimedia municipal museum music musical mutuel nail national natural naturopathic naval navy \
     neck needle negative neon neonatal net network news newspaper nicu nuclear numerical nursery nursing \
     nut nutrition obstetrics occupational ocean offal office offset oil olive oncology online open \
     operating operation operational operations ophthalmic opportunity optical optics optimization \
     optometric oral order ordnance ore organ organic organization organizational ornamental orthopedic \
     orthotic ot otr outboard outpatient outreach outside outsole oven overhead overlock oxygen oyster pack \
     package packaging packing pad paint painting pallet pan panel panels pantograph paper parachute parcel \
     park parking parole parts party passenger paste pastry patch patent pathology patient patrol pattern \
     paving payable payroll pbx peanut pearl pecan pediatric peeling pen pens pension perforator performance \
     personal pest pet petroleum pharmaceutical pharmacy philosophy photo photoengraving photograph \
     photographic photography photovoltaic physical physics piano pick pickle pickling picture pie piece pig \
     pigment pile piloted pin pipe pipeline pit plan planning plans plant planting plasma plaster plastic \
     plastics plate platform plating plug plumbing plywood pneumatic pocket podiatric poker pole policy \
     polishing political pollution polymerization pond pony pool porcelain port portable post postal pot \
     potato poultry powder power powerhouse practice pre precision prep preparation prepress preschool \
     preservation press pressure prevention pricing primary primer priming print printed printer printing \
     prison private probation process processing procurement produce product production products profile \
     programming projection promotion promotions proof prop propeller property prospecting prosthetic \
     protection protective prototype psychiatric psychological psychology public publications publicity \
     publishing pulp pump pumping punch purchasing purification putty quality quantitative quarry quill race \
     racing rack radar radial radiation radiator radio radiologic radiological radiology rag rail railroad \
     railway ramp ranch range ray reachtruck reactor readiness reading rebar receivable receiving reception \
     reclamation reconnaissance record recording records recovery recreation recreational recycle recycling \
     redevelopment reduction reed reel reference refinery refining refractory refrigeration refrigerator \
     refueling regional register registered registration regulatory rehabilitation reimbursement reinforcing \
     relations relationship relay relief religious remediation remotely renewable rental repair reproduction \
     research reservation residence resident residential resin resort resource resources respiratory \
     restaurant restoration retail retort retrofit revenue review rfid rib ribbon rice ride riding rig \
     rigging rim ring risk river rivet robotic robotics rock rocket rod roll rolling roof roofing room rope \
     rotary rotor rough round route roving rubber rug rural sack saddle safe safety sales salon salt salvage \
     sample sand sanding sandwich sanitary sanitation sash satellite sausage saute saw sawmill scaffold \
     scale scene school science sciences scientific scissorlift scoop scrap screen screw script scrub \
     seafood seal sealing seam search seat secondary section securities security seed seismic self \
     semiconductor senior sensing sensor septic service services set setup sewing shade shake shampoo shank \
     shear shearing sheet shell shellfish shelter shingle ship shipping shirt shoe shop shot shovel show \
     shrimp shuttle side siding sign signal signals silk silo silver silverware single size skating skein \
     ski skid skidder skidsteer skin skip slab slag slate sleeve slide slip slot slotter slurry smoke \
     smoking snow snuff soap social sociology soda soft software soil solar solder soldering sole solid \
     solution solutions sorting sound source spa space spanish special specialty speech speed speeder spice \
     spike spindle spinning spiral splitting sponge spool sports spot spray spring sprinkler squad staffing \
     stage stain stained stamp stamping starch station stationary statistical stave steam steel stem stencil \
     stereo sterile stick stitch stitching stock stockroom stone storage store story stove strap strategic \
     straw streetcar stress stretcher strike string strip structural structure student studies studio study \
     stunt submarine substance substation substitute subway sugar supplies supply support surface surgery \
     surgical surveillance survey surveying sustainability sustainable swatch swimming switch switchboard \
     synthetic syrup system systems tab table tack tactical tag tail talent tank tape tar target targeting \
     tariff tax taxi teaching team technical technology telecommunication telecommunications telegraph \
     telephone teletype television temperature template tennis terminal termite terrazzo test testing \
     textile theater theatrical therapeutic therapy thermal thread threat tie tig tile timber tin tip tipple \
     tire tissue title tobacco toe toll tomography tongue tool tooling toolroom top torch touch tour tourist \
     tow towel tower toy track tractor trade traffic trailer train training transfer transformer transit \
     transition transmission transport transportation trash travel traveling tray treat treating treatment \
     tree trench trial trim trimming trolley trouble truck truss trust tub tube tubing tugboat tumbler tune \
     tunnel turbine turning turret twisting type typewriter ultrasonic umbrella underground underwater \
     underwear underwriting university unmanned upholstery upper urban utilities utility utilization vacuum \
     validation valve vamp van varnish vascular vat vault vegetable vehicle vending veneer venetian \
     ventilation vertical vessel veterans veterinary vial vice video vision visitor visual vocational voice \
     volunteer wad wafer wafers wagon wall wallpaper ward wardrobe ware warehouse warfare warning warp wash \
     washing waste wastewater watch water wax way weapons weather weatherization weaving web website wedding \
     weed weigh weight weld welding welfare wellness welt wet wheat wheel white wholesale wig wildlife wind \
     winding window wine wing wire wireless wood wooden woodworking wool word workforce wrapping writing \
     yard yarn yeast youth zigzag zinc zipper";
