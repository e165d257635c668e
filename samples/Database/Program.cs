// dotnet run --project samples/Database --urls http://localhost:5000
// A scoped service is made with the connection and disposed with it; here it is an EF Core context.
using Microsoft.EntityFrameworkCore;
using Tidings;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddTidings();
builder.Services.AddDbContext<NotesDb>(options => options.UseInMemoryDatabase("notes"));
builder.WebHost.UseTidings();
var app = builder.Build();

app.MapWebSocket("/ws/{room}", async (WebSocketConnection ws, string room, NotesDb db) =>
{
    foreach (var note in await db.Notes.AsNoTracking().Where(note => note.Room == room).OrderBy(note => note.Id).ToListAsync(ws.Aborted))
    {
        await ws.SendJsonAsync(note);
    }

    while (await ws.ReceiveTextAsync() is { } text)
    {
        var note = new Note { Room = room, Text = text };
        db.Notes.Add(note);
        await db.SaveChangesAsync(ws.Aborted);
        await ws.SendJsonAsync(note);

        // The context lives long: what it keeps in mind would grow with every message.
        db.ChangeTracker.Clear();
    }
});

app.Run();

public sealed class Note
{
    public int Id { get; set; }
    public required string Room { get; set; }
    public required string Text { get; set; }
}

public sealed class NotesDb(DbContextOptions<NotesDb> options) : DbContext(options)
{
    public DbSet<Note> Notes => Set<Note>();
}

public sealed class DatabaseSample;
