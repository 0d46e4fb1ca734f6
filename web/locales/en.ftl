# The pages' texts in English. Its keys are those of id.ftl.
app-name = Satu Bumi
home-tagline = The WhatsApp assistant of { $hospital }
home-ready = Ready to answer patients
home-ready-detail = Every part is running.
home-starting = Getting ready
home-starting-detail = Questions are answered once every part below is ready.
home-parts = State
home-part-database = Database
home-part-knowledge = The hospital's documents
home-part-models = Language models
home-part-ok = Ready
home-part-waiting = Not ready yet
home-documents =
    { $count ->
        [0] No document yet
        [one] { $count } document read
       *[other] { $count } documents read
    }
home-try = Try it
home-try-detail = Make a token in the server's terminal, then send a question.
home-accounts = Staff accounts
home-accounts-detail = The first staff account is made in the server's terminal. Its password is asked for, not written in the command.
home-api = Interface description (OpenAPI)
home-health = Readiness check
language-switch = Bahasa Indonesia
