import Foundation
import Testing

extension PlatformTests {
    /// The Django tutorial's steps 2, 5 and 6: Django with psycopg2 as its users have them.
    @Suite(.serialized, .platform(cluster: "django"))
    struct DjangoTests {
        let platform: PlatformUnderTest

        init() throws { platform = try SharedPlatform.platform }

        /// What step 5 changes in the settings of a fresh project.
        private func settings(_ cluster: ClusterUnderTest) -> String {
            """

            # The tutorial's driver is psycopg2; Django prefers psycopg 3 where both are installed.
            import sys
            sys.modules['psycopg'] = None
            ALLOWED_HOSTS = ['localhost']
            DATABASES = {
                'default': {
                    'ENGINE': 'django.db.backends.postgresql',
                    'NAME': 'polls',
                    'USER': 'myprojectuser',
                    'PASSWORD': 'password',
                    'HOST': '\(cluster.host)',
                    'PORT': '\(cluster.port)',
                    'OPTIONS': {'sslmode': 'require'},
                }
            }
            STATIC_URL = '/static/'

            """
        }

        private static let models = """
            from django.db import models


            class Question(models.Model):
                question_text = models.CharField(max_length=200)
                pub_date = models.DateTimeField("date published")


            class Choice(models.Model):
                question = models.ForeignKey(Question, on_delete=models.CASCADE)
                choice_text = models.CharField(max_length=200)
                votes = models.IntegerField(default=0)

            """

        private static let use = """
            from django.db.models import F
            from django.utils import timezone
            from polls.models import Choice, Question
            from django.db.backends.postgresql.psycopg_any import is_psycopg3
            assert not is_psycopg3
            question = Question(question_text="Größe?", pub_date=timezone.now())
            question.save()
            question.choice_set.create(choice_text="10 %")
            question.choice_set.update(votes=F("votes") + 1)
            assert Question.objects.get(pk=question.pk).choice_set.get().votes == 1
            print("polls", Choice.objects.filter(question__question_text="Größe?").count())
            """

        @Test func migrateAndUse() async throws {
            let cluster = try await platform.cluster("django")
            let printed = try await platform.atoll("db", "connection", "django", "--format", "string")
            let uri = printed.output.trimmingCharacters(in: .whitespacesAndNewlines)
            #expect(uri.hasSuffix("?sslmode=require"), "\(printed)")
            let stepTwo = try await Shell.run(
                "/usr/bin/psql", ["-X", "-v", "ON_ERROR_STOP=1", uri], input: TutorialTests.stepTwo)
            #expect(stepTwo.isSuccess, "\(stepTwo)")

            let project = platform.parent + "/django-polls"
            try FileManager.default.createDirectory(atPath: project, withIntermediateDirectories: true)
            let python = try await Python.executable()
            func django(_ arguments: String...) async throws -> String {
                let result = try await Shell.run(
                    python, arguments,
                    environment: ["DJANGO_SUPERUSER_PASSWORD": "pässword-1", "PYTHONDONTWRITEBYTECODE": "1"],
                    directory: project)
                #expect(result.isSuccess, "\(result)")
                return result.output
            }
            _ = try await django("-m", "django", "startproject", "mysite", ".")
            _ = try await django("manage.py", "startapp", "polls")
            let file = project + "/mysite/settings.py"
            let text =
                try String(contentsOfFile: file, encoding: .utf8) + settings(cluster)
                + "INSTALLED_APPS += ['polls']\n"
            try text.write(toFile: file, atomically: true, encoding: .utf8)
            try Self.models.write(toFile: project + "/polls/models.py", atomically: true, encoding: .utf8)

            #expect(try await django("manage.py", "makemigrations").contains("Create model Question"))
            let migrated = try await django("manage.py", "migrate")
            #expect(migrated.contains("Applying auth.0012") && migrated.contains("Applying polls.0001_initial... OK"))
            let user = try await django(
                "manage.py", "createsuperuser", "--noinput", "--username", "sammy", "--email", "sammy@example.com")
            #expect(user.contains("Superuser created successfully"))
            #expect(try await django("manage.py", "check", "--database", "default").contains("no issues"))
            #expect(try await django("manage.py", "shell", "-c", Self.use).contains("polls 1"))
            #expect(try await django("manage.py", "migrate", "--check") == "")

            let owners = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
            let login = (user: "myprojectuser", password: "password")
            let owner = try await cluster.value(
                owners, user: login.user, password: login.password, database: "polls")
            #expect(owner == "myprojectuser")
            // Step 2's settings of the role are what Django's sessions have.
            let shown = try await cluster.value(
                "SHOW client_encoding; SHOW default_transaction_isolation; SHOW timezone", user: login.user,
                password: login.password, database: "polls")
            #expect(shown == "UTF8\nread committed\nUTC")
        }
    }
}
