/* The length of (x, y). In double precision the squares of two floats neither overflow nor vanish. See build.rs. */
double sqrt(double);

float hypotf(float x, float y) { return (float)sqrt((double)x * x + (double)y * y); }
