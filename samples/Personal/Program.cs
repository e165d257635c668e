// dotnet run --project samples/Personal --urls http://localhost:5000
// {"type":"broadcast","message":"hi"} reaches all, {"type":"personal","to":"bob","message":"hi"} one; who leaves is announced.
var builder = WebApplication.CreateBuilder(args);
builder.Services.AddTidings();
builder.WebHost.UseTidings();
var app = builder.Build();

app.MapClients("/ws/{clientId}");

app.Run();

public sealed class PersonalSample;
