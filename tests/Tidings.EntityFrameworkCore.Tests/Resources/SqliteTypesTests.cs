using System.Globalization;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Tidings.EntityFrameworkCore.Tests.Infrastructure;

namespace Tidings.EntityFrameworkCore.Tests.Resources;

/// <summary>On SQLite an event shows a row as the table keeps it, and a filter finds by events what it finds in the table.</summary>
public sealed class SqliteTypesTests
{
    private static readonly Guid s_token = Guid.NewGuid();
    private static readonly string[] s_notSorted = ["at", "span", "big"];

    [Fact]
    public async Task Each_type_of_member_is_the_same_in_rows_and_in_events()
    {
        await using var app = await StartAsync();
        var port = new Uri(app.Urls.First()).Port;
        await using var live = await FeedClient.ConnectAsync(port, "/ws/things");
        await live.SendAsync("""{"type":"subscribe"}""");
        await live.ExpectAsync("initial");
        foreach (var thing in Things())
        {
            await AddAsync(app, thing);
            var told = (await live.ExpectAsync("create")).GetProperty("data");
            await using var late = await FeedClient.ConnectAsync(port, "/ws/things");
            await late.SendAsync("""{"type":"subscribe"}""");
            var kept = (await late.ExpectAsync("initial")).GetProperty("data").EnumerateArray().Last();
            Assert.Equal(kept.GetRawText(), told.GetRawText());
        }
    }

    [Fact]
    public async Task Each_filter_finds_by_events_what_it_finds_in_the_table()
    {
        await using var app = await StartAsync();
        var port = new Uri(app.Urls.First()).Port;
        var first = Things()[0];
        await AddAsync(app, first);
        await using var any = await FeedClient.ConnectAsync(port, "/ws/things");
        await any.SendAsync("""{"type":"subscribe"}""");
        var row = (await any.ExpectAsync("initial")).GetProperty("data")[0];
        foreach (var member in row.EnumerateObject().Where(static member => member.Name is not "id"))
        {
            await using var filtered = await FeedClient.ConnectAsync(port, "/ws/things");
            await filtered.SendAsync($$$"""{"type":"subscribe","filter":{"{{{member.Name}}}":{{{member.Value.GetRawText()}}}}}""");
            var found = (await filtered.ExpectAsync("initial")).GetProperty("data").GetArrayLength();
            Assert.True(found == 1, $"{member} in the table");
            var again = Things()[0];
            again.Id = 0;
            var id = await AddAsync(app, again);
            Assert.True((await filtered.ExpectAsync("create")).GetProperty("id").GetInt32() == id, $"{member} in events");
            await RemoveAsync(app, id);
        }
    }

    [Fact]
    public async Task What_the_database_cannot_sort_or_keep_is_refused_in_words()
    {
        await using var app = await StartAsync();
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(app.Urls.First()) };
        foreach (var member in s_notSorted)
        {
            using var answer = await http.GetAsync($"/things?sort={member}");
            Assert.Equal(System.Net.HttpStatusCode.BadRequest, answer.StatusCode);
            Assert.Contains("cannot be sorted", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        Assert.Equal(System.Net.HttpStatusCode.OK, (await http.GetAsync("/things?sort=-money,when,name")).StatusCode);
        using var nan = await http.PostAsync("/things", new StringContent("""{"real":"NaN"}""", System.Text.Encoding.UTF8, "application/json"));
        Assert.Equal(System.Net.HttpStatusCode.BadRequest, nan.StatusCode);
    }

    private static List<Thing> Things() =>
    [
        new() { Name = "ünï", AnyCase = "Apple", Money = 1, When = new DateTime(2024, 1, 2, 3, 4, 5, DateTimeKind.Utc), At = DateTimeOffset.Parse("2024-01-02T03:04:05+02:00", CultureInfo.InvariantCulture), Token = s_token },
        new() { Name = "", Money = 1.50m, When = new DateTime(2024, 1, 2, 3, 4, 5, DateTimeKind.Unspecified).AddTicks(1), Span = TimeSpan.FromTicks(-12345), Real = 0.1, Half = 0.1f, Big = ulong.MaxValue },
        new() { Name = "a", Money = -79228162514264337593543950335m, When = DateTime.MaxValue, At = DateTimeOffset.MinValue, Bytes = [0, 255], Letter = 'x', Day = new DateOnly(2024, 2, 29), Hour = new TimeOnly(1, 2, 3, 4) },
    ];

    private static async Task<int> AddAsync(WebApplication app, Thing thing)
    {
        await using var scope = app.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<ThingDb>();
        db.Add(thing);
        await db.SaveChangesAsync();
        return thing.Id;
    }

    private static async Task RemoveAsync(WebApplication app, int id)
    {
        await using var scope = app.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<ThingDb>();
        db.Remove((await db.Things.FindAsync(id))!);
        await db.SaveChangesAsync();
    }

    private static async Task<WebApplication> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.UseTidings();
        builder.Logging.ClearProviders();
        builder.Services.AddProblemDetails();
        builder.Services.AddTidings(static tidings =>
        {
            tidings.Limits.Preset = LimitPreset.None;
            tidings.Drain = TimeSpan.Zero;
        }).AddDbContext<ThingDb>();
        var database = SqliteFile.CreateDatabase();
        builder.Services.AddDbContext<ThingDb>(options => options.UseSqlite(database));
        builder.Services.AddRouting();
        var app = builder.Build();
        app.UseRouting();
        app.MapTidings("/connect");
        app.MapResource<Thing, ThingDb>("/things").AllMembers().AllowAnonymous();
        await using (var scope = app.Services.CreateAsyncScope())
        {
            await scope.ServiceProvider.GetRequiredService<ThingDb>().Database.EnsureCreatedAsync();
        }

        await app.StartAsync();
        return app;
    }

    public sealed class Thing
    {
        public int Id { get; set; }

        public string Name { get; set; } = "";

        public string AnyCase { get; set; } = "";

        public decimal Money { get; set; }

        public DateTime When { get; set; }

        public DateTimeOffset At { get; set; }

        public TimeSpan Span { get; set; }

        public DateOnly Day { get; set; }

        public TimeOnly Hour { get; set; }

        public Guid Token { get; set; }

        public double Real { get; set; }

        public float Half { get; set; }

        public ulong Big { get; set; }

        public bool Flag { get; set; }

        public char Letter { get; set; } = 'a';

        public byte[] Bytes { get; set; } = [];

        public Colour Colour { get; set; }
    }

    private sealed class ThingDb(DbContextOptions<ThingDb> options) : DbContext(options)
    {
        public DbSet<Thing> Things => Set<Thing>();

        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            modelBuilder.AddTidingsOutbox();
            modelBuilder.Entity<Thing>().Property(static thing => thing.AnyCase).UseCollation("NOCASE");
        }
    }
}
